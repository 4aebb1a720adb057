/** --bench for a person: a row for each way of reading, and what follows from them. */
import type { BenchReport, Measured, Recommendation } from '../engine/bench.ts';
import { formatBytes, formatRate } from '../units.ts';

const PATHS: Readonly<Record<Measured['path'], string>> = {
  direct: 'past the page cache',
  cached: 'from the page cache',
  uncached: 'into the page cache',
};

/** Fastest first within each path; ends with a newline. */
export function formatBench(report: BenchReport): string {
  const lines = [
    `${report.file}: ${formatBytes(report.bytes)} a turn, medians of ${report.rows[0]?.rounds ?? 0} rounds`,
  ];
  for (const path of ['direct', 'uncached', 'cached'] as const) {
    const rows = report.rows
      .filter((row) => row.path === path)
      .toSorted((a, b) => b.bytesPerSecond - a.bytesPerSecond);
    if (rows.length === 0) continue;
    lines.push('', `${PATHS[path].padEnd(20)} block  in flight  pages           speed  processor`);
    lines.push(...rows.map(formatWay));
  }
  return `${[...lines, '', ...advice(report.recommendation)].join('\n')}\n`;
}

function formatWay(row: Measured): string {
  return [
    `  ${row.backend === 'uring' ? 'io_uring' : 'preadv2'}`.padEnd(18),
    formatBytes(row.blockBytes).padStart(7),
    String(row.backend === 'uring' ? row.readsInFlight : 1).padStart(10),
    ` ${row.pageKind.padEnd(11)}`,
    formatRate(row.bytesPerSecond).padStart(9),
    `${row.cpuSecondsPerGigabyte.toFixed(3)} s/GB`.padStart(10),
  ].join(' ');
}

function advice(one: Recommendation): string[] {
  const settings = `blocks of ${formatBytes(one.blockBytes)}, ${one.readsInFlight} in flight`;
  const factor = (value: number | null, what: string): string[] =>
    value === null ? [] : [`${what} ${value.toFixed(2)} times the speed of direct reads`];
  return [
    one.direct
      ? `best for files larger than memory: --direct always (${settings}): ${formatRate(one.bytesPerSecond)}`
      : `best: through the page cache, --direct never (${settings}): ${formatRate(one.bytesPerSecond)}`,
    ...factor(one.hugePagesFactor, 'huge pages give'),
    ...factor(one.uringFactor, 'reads in flight through io_uring give'),
  ];
}
