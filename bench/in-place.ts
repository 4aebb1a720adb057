/**
 * Scanning a CSV in place beside Polars' own path scan: cold, warm, and through a bounded window.
 *
 *   node bench/in-place.ts FILE.csv TEXT_COLUMN NUMBER_COLUMN [ROUNDS]
 *
 * Each run is a process of its own, all ways in turn, round after round; medians and ratios at the
 * end, and a check that all ways answer the same. Goal: the ratios. Not a goal: absolute times.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';

interface Run {
  readonly way: string;
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly answer: string;
}

const WAYS = ['path', 'in-place', 'window'] as const;
const WINDOW_BYTES = 64 * 1024 * 1024;
const [file, text, number, rounds = '3', child] = process.argv.slice(2);
if (file === undefined || text === undefined || number === undefined) {
  console.error('usage: node bench/in-place.ts FILE.csv TEXT_COLUMN NUMBER_COLUMN [ROUNDS]');
  process.exit(2);
}

/** Groups by the text column with a mean, a sum and a count. */
async function run(way: string): Promise<Run> {
  const { collect, polars } = await import('../src/compute/polars.ts');
  const { openInPlace } = await import('../src/uring/in-place.ts');
  const start = performance.now();
  const options = way === 'window' ? { windowBytes: WINDOW_BYTES } : {};
  const place = way === 'path' ? undefined : openInPlace(file as string, options);
  const pl = polars();
  const value = pl.col(number as string);
  const frame = collect(
    pl
      .scanCSV(place?.scanPath ?? (file as string))
      .groupBy(text as string)
      .agg(value.mean().alias('mean'), value.min().alias('least'), pl.len().alias('rows')),
  ).sort(text as string);
  place?.verify();
  place?.close();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage();
  // Means differ in their last digits with the order in which threads add up.
  const rounded = frame.withColumns(pl.col('mean').round(6)).writeCSV();
  return {
    way,
    ms,
    cpuMs: (user + system) / 1000,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    answer: createHash('sha256').update(rounded).digest('hex').slice(0, 16),
  };
}

function start(way: string, cold: boolean): Run {
  const cache = cold ? ['iflag=nocache', 'count=0'] : ['of=/dev/null', 'bs=1M'];
  execFileSync('dd', [`if=${file}`, ...cache, 'status=none']);
  const args = [import.meta.filename, file, text, number, '0', way] as string[];
  const { way: _, ...measured } = JSON.parse(
    execFileSync(process.execPath, args).toString(),
  ) as Run;
  const result = { way: `${cold ? 'cold' : 'warm'} ${way}`, ...measured };
  console.log(
    result.way.padEnd(16),
    `${result.ms.toFixed(0)} ms, cpu ${result.cpuMs.toFixed(0)} ms,`,
    `${result.peakMiB.toFixed(0)} MiB, ${result.answer}`,
  );
  return result;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function compare(): void {
  const runs: Run[] = [];
  for (let round = 0; round < Number(rounds); round++) {
    for (const cold of [true, false]) for (const way of WAYS) runs.push(start(way, cold));
  }
  if (new Set(runs.map(({ answer }) => answer)).size !== 1) throw new Error('the answers differ');
  const of = (way: string, key: 'ms' | 'cpuMs' | 'peakMiB'): number =>
    median(runs.filter((one) => one.way === way).map((one) => one[key]));
  const ratios = {
    'cold in place / path': of('cold in-place', 'ms') / of('cold path', 'ms'),
    'warm in place / path': of('warm in-place', 'ms') / of('warm path', 'ms'),
    'warm window / path': of('warm window', 'ms') / of('warm path', 'ms'),
    'warm window / path, processor time': of('warm window', 'cpuMs') / of('warm path', 'cpuMs'),
    'window peak MiB': of('warm window', 'peakMiB'),
  };
  console.log(ratios);
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, kernel: release() };
  const folder = new URL('runs/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  const content = { machine, bytes: statSync(file as string).size, ratios, runs };
  writeFileSync(new URL(`in-place-${stamp}.json`, folder), `${JSON.stringify(content, null, 1)}\n`);
}

if (child === undefined) compare();
else console.log(JSON.stringify(await run(child)));
