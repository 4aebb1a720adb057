/**
 * The same question to a CSV file, to it through a pipe, and compressed: processor time, peak memory
 * and wall time, beside DuckDB on the file. Goal: the ratios in one run, and equal answers. Not a
 * goal: absolute times, which depend on who else works on the machine.
 *
 *   node bench/pipes.ts FILE [LIMIT] [ROUNDS] > RUN.jsonl
 *
 * FILE is a CSV of bench/generate.mjs; FILE.gz and FILE.zst are made beside it when they lack, and
 * stay. NAIROBI names another build to measure, without DuckDB. Ends with 1 when ways differ.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import path from 'node:path';

const [file, limit = '256MiB', rounds = '3'] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node bench/pipes.ts FILE [LIMIT] [ROUNDS]');
  process.exit(2);
}
const other = process.env['NAIROBI'];
const bin = other ?? path.resolve(import.meta.dirname, '../bin/nairobi');
const duckdb = path.resolve(import.meta.dirname, 'query/duckdb.mjs');

/** FILE stands for what is read. */
const QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  stats: ['stats', 'FILE', '--csv'],
  'stats --all': ['stats', 'FILE', '--csv', '--all', '--approx'],
  'group by': [
    'query',
    'select site, count(*) n, avg(temp) t, max(seq) m from FILE group by site order by site',
  ],
  aggregate: ['query', 'select count(*) n, sum(temp) s, max(seq) m from FILE'],
  count: ['query', 'select count(*) from FILE'],
  'filter, limit': ['query', 'select * from FILE where temp > 35 limit 20'],
  'top 10': [
    'query',
    'select seq, temp from FILE where temp is not null order by temp desc, seq limit 10',
  ],
};

const WAYS = ['file', 'pipe', 'gz', 'zst', ...(other === undefined ? ['duckdb', 'duckdb gz'] : [])];

interface Run {
  readonly question: string;
  readonly way: string;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly answer: string;
  readonly load: number;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What DuckDB is asked instead, of its way to read the file. */
function duckdbCommand(question: string, way: string): string {
  const source = `read_csv('${file}${way === 'duckdb gz' ? '.gz' : ''}')`;
  const [command, sql = ''] = QUESTIONS[question] ?? [];
  const asked = command === 'stats' ? `summarize from ${source}` : sql.replace('FILE', source);
  const threads = String(cpus().length);
  const parts = [process.execPath, duckdb, asked, threads].map(quoted).join(' ');
  return `/usr/bin/time -f 'T %e %U %S %M' ${parts}`;
}

function commandOf(question: string, way: string): string {
  if (way.startsWith('duckdb')) return duckdbCommand(question, way);
  const source = way === 'pipe' ? '-' : way === 'file' ? file : `${file}.${way}`;
  const named = way === 'pipe' ? 'stdin' : `'${source}'`;
  const parts = (QUESTIONS[question] ?? []).map((part) =>
    part === 'FILE' ? String(source) : part.replace('FILE', named),
  );
  const asked = [bin, ...parts, '--memory-limit', limit].map(quoted).join(' ');
  const timed = `/usr/bin/time -f 'T %e %U %S %M' ${asked}`;
  return way === 'pipe' ? `cat ${quoted(String(file))} | ${timed}` : timed;
}

function run(question: string, way: string): Run {
  const { stdout, stderr } = spawnSync('bash', ['-c', commandOf(question, way)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  });
  const found = /^T (\S+) (\S+) (\S+) (\d+)$/m.exec(stderr.toString());
  if (found === null) throw new Error(`${question}, ${way}: ${stderr.toString().slice(0, 300)}`);
  const [, seconds = 0, user = 0, system = 0, kilobytes = 0] = found.map(Number);
  return {
    question,
    way,
    cpuSeconds: Math.round((user + system) * 100) / 100,
    seconds,
    peakMiB: Math.round(kilobytes / 1024),
    answer: createHash('sha256').update(stdout).digest('hex').slice(0, 12),
    load: loadavg()[0] ?? 0,
  };
}

for (const [name, tool] of [
  ['gz', 'gzip -1'],
  ['zst', 'zstd -1 -q'],
] as const) {
  const packed = `${file}.${name}`;
  if (existsSync(packed)) continue;
  execFileSync('bash', ['-c', `${tool} -c ${quoted(file)} > ${quoted(packed)}`]);
}
const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, kernel: release() };
console.log(JSON.stringify({ machine, bytes: statSync(file).size, limit }));
for (let round = 0; round < Number(rounds); round += 1) {
  for (const question of Object.keys(QUESTIONS)) {
    const answers = new Set<string>();
    for (const way of WAYS) {
      const done = run(question, way);
      if (!way.startsWith('duckdb')) answers.add(done.answer);
      console.log(JSON.stringify({ round, ...done }));
    }
    if (answers.size === 1) continue;
    console.error(`${question}: other answers`);
    process.exitCode = 1;
  }
}
