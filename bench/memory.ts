/**
 * What runs take of memory under a limit, and what that costs: the same questions and charts of a
 * CSV file, of it through a pipe, and compressed, with and without --memory-limit. Tells which peak
 * and which ratio is within its bound, and fails when one is not.
 *
 *   node bench/memory.ts FOLDER [BYTES] [LIMIT] [ROUNDS]
 *
 * Makes its files in FOLDER, which should have twice BYTES free, and removes them. Each run is a
 * process of its own; peak is the largest resident set the kernel saw. Goal: the peaks and the
 * ratios. Not a goal: absolute times.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import path from 'node:path';

const [folder, size = '4e9', limit = '256MiB', rounds = '1'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node bench/memory.ts FOLDER [BYTES] [LIMIT] [ROUNDS]');
  process.exit(2);
}
const bin = path.resolve(import.meta.dirname, '../bin/nairobi');
const file = path.join(folder, 'memory-bench.csv');
execFileSync(process.execPath, [path.join(import.meta.dirname, 'generate.mjs'), file, size]);

/** What issue 3 allows a run under a limit of 256 MiB. */
const BOUND_MIB = 400;
const SLOWER_MOST = 1.3;

const SQL =
  'select site, count(*) n, round(avg(temp), 6) t, max(seq) m from FILE group by site order by site';
const CHARTS: Readonly<Record<string, string>> = {
  density: '--mark point -x temp -y humidity',
  histogram: '--mark histogram -x temp',
  line: '--mark line -x ts -y temp',
  bar: '--mark bar -x site -y temp',
};

interface Case {
  /** Cases that ask the same have to be answered alike. */
  readonly asks: string;
  readonly from: 'file' | 'pipe' | 'gz' | 'zst';
  readonly isLimited: boolean;
}

const nameOf = ({ asks, from, isLimited }: Case): string =>
  `${asks}, ${from}${isLimited ? '' : ', no limit'}`;

function commandOf({ asks, from, isLimited }: Case): string {
  const chart = CHARTS[asks];
  const path = from === 'file' || from === 'pipe' ? file : `${file}.${from}`;
  const source = from === 'pipe' ? '-' : `"${path}"`;
  const table = from === 'pipe' ? 'stdin' : `'${path}'`;
  const asked =
    asks === 'query'
      ? `query "${SQL.replace('FILE', table)}"`
      : asks === 'stats'
        ? `stats ${source}`
        : `plot ${source} ${chart} --format png`;
  const limited = isLimited ? ` --memory-limit ${limit}` : '';
  const start = from === 'pipe' ? `cat "${file}" | ` : '';
  return `${start}/usr/bin/time -f 'T %e %U %S %M' "${bin}" ${asked}${limited}`;
}

interface Run extends Case {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  /** SHA-256 of what it wrote. */
  readonly answer: string;
  readonly load: number;
}

/** Undefined where it failed, which is told. */
function run(one: Case): Run | undefined {
  const { stdout, stderr, status } = spawnSync('bash', ['-c', commandOf(one)], {
    maxBuffer: 2 ** 28,
  });
  const found = /^T (\S+) (\S+) (\S+) (\d+)$/m.exec(stderr.toString());
  const name = nameOf(one).padEnd(24);
  if (found === null || status !== 0) {
    console.log(name, `FAILED with ${status}: ${stderr.toString().split('\n')[0]}`);
    return undefined;
  }
  const [seconds = 0, user = 0, system = 0, kilobytes = 0] = found.slice(1).map(Number);
  const result = {
    ...one,
    seconds,
    cpuSeconds: user + system,
    peakMiB: Math.round(kilobytes / 1024),
    answer: createHash('sha256').update(stdout).digest('hex'),
    load: loadavg()[0] ?? 0,
  };
  const { cpuSeconds, peakMiB } = result;
  const judged = !one.isLimited
    ? ''
    : peakMiB <= BOUND_MIB
      ? ', pass'
      : `, FAIL: over ${BOUND_MIB}`;
  console.log(name, `${seconds} s, cpu ${cpuSeconds.toFixed(1)} s, ${peakMiB} MiB${judged}`);
  return result;
}

const runs: Run[] = [];
let failures = 0;
const add = (asks: string, from: Case['from'], isLimited = true): void => {
  const done = run({ asks, from, isLimited });
  if (done === undefined) failures += 1;
  else runs.push(done);
};

/** Answers that differ, and files that take longer under the limit than they may. */
function judge(): void {
  for (const asks of new Set(runs.map((one) => one.asks))) {
    const mine = runs.filter((one) => one.asks === asks);
    const isSame = new Set(mine.map(({ answer }) => answer)).size === 1;
    const quickest = (isLimited: boolean): number =>
      Math.min(
        ...mine
          .filter((one) => one.from === 'file' && one.isLimited === isLimited)
          .map(({ seconds }) => seconds),
      );
    const ratio = quickest(true) / quickest(false);
    const isSlow = ratio > SLOWER_MOST;
    const told = Number.isFinite(ratio)
      ? `, ${ratio.toFixed(2)} x the time without a limit: ${isSlow ? 'FAIL' : 'pass'}`
      : '';
    console.log(`${asks}: ${isSame ? 'the same answers' : 'OTHER ANSWERS'}${told}`);
    if (!isSame || isSlow) failures += 1;
  }
  failures += runs.filter(({ isLimited, peakMiB }) => isLimited && peakMiB > BOUND_MIB).length;
}

try {
  for (let round = 0; round < Number(rounds); round++) {
    for (const asks of ['query', ...Object.keys(CHARTS)]) {
      add(asks, 'file', false);
      add(asks, 'file');
    }
    for (const asks of ['query', 'stats', 'density', 'line']) add(asks, 'pipe');
    for (const [from, tool] of [
      ['gz', 'gzip -1'],
      ['zst', 'zstd -1 -q'],
    ] as const) {
      execFileSync('bash', ['-c', `${tool} -c "${file}" > "${file}.${from}"`]);
      for (const asks of ['query', 'density']) add(asks, from);
      rmSync(`${file}.${from}`);
    }
  }
  judge();
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, kernel: release() };
  const target = new URL('runs/', import.meta.url);
  mkdirSync(target, { recursive: true });
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  const content = { machine, bytes: statSync(file).size, limit, runs };
  writeFileSync(new URL(`memory-${stamp}.json`, target), `${JSON.stringify(content, null, 1)}\n`);
} finally {
  rmSync(file, { force: true });
  process.exitCode = failures > 0 ? 1 : 0;
}
