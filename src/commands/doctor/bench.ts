/** --bench for a person: a row for each way of reading, and what follows from them. */
import type { BenchReport, Measured, Recommendation } from '../../engine/doctor/bench.ts';
import { formatBytes, formatRate } from '../../units.ts';

const PATHS: Readonly<Record<Measured['path'], string>> = {
  direct: 'past the page cache',
  cached: 'from the page cache',
  uncached: 'into the page cache',
};

/** Fastest first within each path; ends with a newline. */
export function formatBench(report: BenchReport): string {
  const lines = [
    `${report.file}: ${formatBytes(report.bytes)} a turn, medians; the best of each path in ${Math.max(...report.rows.map(({ rounds }) => rounds))} rounds`,
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
    value === null ? [] : [`${what} ${value.toFixed(2)} times the speed`];
  const usual = one.usualShare;
  return [
    one.direct
      ? `best for files that are read once: --direct always, up to ${formatRate(one.bytesPerSecond)} (${settings})`
      : `best: through the page cache, --direct never, up to ${formatRate(one.bytesPerSecond)} (${settings})`,
    ...(usual === null
      ? []
      : [`the settings of every command reach ${(usual * 100).toFixed(0)} % of it`]),
    ...factor(one.hugePagesFactor, 'huge pages make direct reads'),
    ...factor(one.uringFactor, 'io_uring makes direct reads'),
  ];
}
