/**
 * nairobi stats against DuckDB's SUMMARIZE and Miller's summary (where mlr is installed) over one
 * CSV, in turn, so that whatever else the machine does meets all of them.
 *
 *   node bench/stats/run.mjs FILE [ROUNDS]
 *
 * Prints to stderr a line for each program: medians of wall and CPU seconds, their ratios to
 * DuckDB's and to Miller's, the peak of resident memory. To stdout the same as JSON, with every run
 * and a hash of the figures, which must not change from run to run. The runs whose name has a limit
 * in it are under --memory-limit. Files: bench/stats/generate.mjs ROWS FILE; 18500000 rows are 1 GB,
 * 74000000 are 4 GB. Miller runs once, however many rounds there are: it takes minutes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const [file, rounds = '3'] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node bench/stats/run.mjs FILE [ROUNDS]');
const root = fileURLToPath(new URL('../..', import.meta.url));

const DUCKDB = `
const { DuckDBInstance } = await import('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.runAndReadAll("summarize select * from read_csv('" + process.argv[1] + "')");
`;
const nairobi = (...flags) => [`${root}/bin/nairobi`, 'stats', file, '--json', ...flags];
const BOUND = ['--memory-limit', '256MiB'];
const programs = {
  'nairobi stats': nairobi(),
  'nairobi stats --all': nairobi('--all'),
  'nairobi stats --all --approx': nairobi('--all', '--approx'),
  'nairobi stats, 256 MiB': nairobi(...BOUND),
  'nairobi stats --all --approx, 256 MiB': nairobi('--all', '--approx', ...BOUND),
  'DuckDB SUMMARIZE': [process.execPath, '--input-type=module', '-e', DUCKDB, file],
};
const MILLER = ['mlr', '--icsv', '--ojson', 'summary', file];
const hasMiller = spawnSync('mlr', ['--version']).status === 0;

/** Wall and CPU seconds and peak memory, by bash's `time` and the children's rusage. */
const MEASURE = `
import resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
wall = time.monotonic() - start
use = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stdout.buffer.write(done.stdout)
sys.stderr.write(f'\\n{wall} {use.ru_utime + use.ru_stime} {use.ru_maxrss * 1024}')
sys.exit(done.returncode)
`;

function run(command) {
  const options = { cwd: root, maxBuffer: 1 << 28, encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync('python3', ['-c', MEASURE, ...command], options);
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  const [wall, cpu, peak] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { wall, cpu, peak, output: stdout };
}

function figuresHash(output) {
  const { columns } = JSON.parse(output);
  return createHash('sha256').update(JSON.stringify(columns)).digest('hex').slice(0, 16);
}

const runs = new Map();
const hashes = {};
function measure(name, command) {
  const { output, ...figures } = run(command);
  runs.set(name, [...(runs.get(name) ?? []), figures]);
  if (!name.startsWith('nairobi')) return;
  const hash = figuresHash(output);
  if (hashes[name] !== undefined && hashes[name] !== hash) {
    throw new Error(`${name}: figures changed`);
  }
  hashes[name] = hash;
}
for (let round = 0; round < Number(rounds); round += 1) {
  for (const [name, command] of Object.entries(programs)) measure(name, command);
}
if (hasMiller) measure('mlr summary', MILLER);

const middle = (name, what) => {
  const list = (runs.get(name) ?? []).map((one) => one[what]).sort((a, b) => a - b);
  return list[Math.floor(list.length / 2)];
};
const ratio = (name, to) =>
  runs.has(to) ? Number((middle(name, 'wall') / middle(to, 'wall')).toFixed(4)) : undefined;
const result = [...runs].map(([name, all]) => ({
  name,
  wall: middle(name, 'wall'),
  cpu: middle(name, 'cpu'),
  ofDuckDB: ratio(name, 'DuckDB SUMMARIZE'),
  ofMiller: ratio(name, 'mlr summary'),
  cpuOfDuckDB: Number((middle(name, 'cpu') / middle('DuckDB SUMMARIZE', 'cpu')).toFixed(4)),
  peakMiB: Math.round(Math.max(...all.map(({ peak }) => peak)) / 2 ** 20),
  figures: hashes[name],
  runs: all,
}));
for (const { name, wall, cpu, ofDuckDB, ofMiller = '-', peakMiB } of result) {
  const times = `${wall.toFixed(2)} s wall, ${cpu.toFixed(2)} s CPU`;
  process.stderr.write(
    `${name.padEnd(38)} ${times}, of DuckDB ${ofDuckDB}, of Miller ${ofMiller}, peak ${peakMiB} MiB\n`,
  );
}
const host = {
  cpu: cpus()[0]?.model,
  cpus: cpus().length,
  load: execFileSync('cat', ['/proc/loadavg'], { encoding: 'utf8' }).trim(),
};
const about = { bytes: statSync(file).size, date: new Date().toISOString(), host };
process.stdout.write(`${JSON.stringify({ ...about, result }, null, 1)}\n`);
