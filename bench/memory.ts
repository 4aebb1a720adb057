/**
 * What runs take of memory under a limit, and what that costs: the same question to a CSV file, to
 * it through a pipe, and compressed, with and without --memory-limit.
 *
 *   node bench/memory.ts FOLDER [BYTES] [LIMIT] [ROUNDS]
 *
 * Makes its files in FOLDER, which should have twice BYTES free, and removes them. Each run is a
 * process of its own; peak is the largest resident set the kernel saw. Goal: the peaks and the
 * ratios. Not a goal: absolute times.
 */
import { execFileSync, spawnSync } from 'node:child_process';
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

const SQL =
  'select site, count(*) n, round(avg(temp), 6) t, max(seq) m from FILE group by site order by site';
const ask = (source: string): string => `"${bin}" query "${SQL.replace('FILE', source)}"`;
const CASES: Readonly<Record<string, string>> = {
  'file, no limit': ask(`'${file}'`),
  file: `${ask(`'${file}'`)} --memory-limit ${limit}`,
  pipe: `cat "${file}" | ${ask('stdin')} --memory-limit ${limit}`,
  gz: `${ask(`'${file}.gz'`)} --memory-limit ${limit}`,
  zst: `${ask(`'${file}.zst'`)} --memory-limit ${limit}`,
  'stats, pipe': `cat "${file}" | "${bin}" stats - --memory-limit ${limit}`,
  'density, pipe': `cat "${file}" | "${bin}" plot - --mark point -x temp -y humidity -o /dev/null --format png --memory-limit ${limit}`,
};

interface Run {
  readonly name: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly answer: string;
  readonly load: number;
}

function run(name: string, command: string): Run | undefined {
  const timed = command.replace(`"${bin}"`, `/usr/bin/time -f 'T %e %U %S %M' "${bin}"`);
  const { stdout, stderr } = spawnSync('bash', ['-c', timed], { maxBuffer: 2 ** 28 });
  const found = /^T (\S+) (\S+) (\S+) (\d+)$/m.exec(stderr.toString());
  if (found === null || /^nairobi:/m.test(stderr.toString())) {
    console.log(name.padEnd(16), stderr.toString().split('\n')[0]);
    return undefined;
  }
  const [, seconds, user, system, kilobytes] = found.map(Number);
  const result = {
    name,
    seconds: seconds ?? 0,
    cpuSeconds: (user ?? 0) + (system ?? 0),
    peakMiB: Math.round((kilobytes ?? 0) / 1024),
    answer: stdout.toString().slice(0, 2000),
    load: loadavg()[0] ?? 0,
  };
  const { cpuSeconds, peakMiB } = result;
  console.log(name.padEnd(16), `${seconds} s, cpu ${cpuSeconds.toFixed(1)} s, ${peakMiB} MiB`);
  return result;
}

const runs: Run[] = [];
const add = (name: string): void => {
  const done = run(name, CASES[name] ?? '');
  if (done !== undefined) runs.push(done);
};
try {
  for (let round = 0; round < Number(rounds); round++) {
    for (const name of ['file, no limit', 'file', 'pipe', 'stats, pipe', 'density, pipe'])
      add(name);
    for (const [name, tool] of [
      ['gz', 'gzip -1'],
      ['zst', 'zstd -1 -q'],
    ] as const) {
      execFileSync('bash', ['-c', `${tool} -c "${file}" > "${file}.${name}"`]);
      add(name);
      rmSync(`${file}.${name}`);
    }
  }
  const asked = runs.filter(({ name }) => !name.includes(','));
  const [first] = runs;
  const differs = asked.filter(({ answer }) => answer !== first?.answer);
  if (differs.length > 0) throw new Error(`other answers: ${differs.map(({ name }) => name)}`);
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, kernel: release() };
  const target = new URL('runs/', import.meta.url);
  mkdirSync(target, { recursive: true });
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  const told = runs.map(({ answer: _, ...rest }) => rest);
  const content = { machine, bytes: statSync(file).size, limit, runs: told };
  writeFileSync(new URL(`memory-${stamp}.json`, target), `${JSON.stringify(content, null, 1)}\n`);
} finally {
  rmSync(file, { force: true });
}
