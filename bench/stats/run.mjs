/**
 * nairobi stats against DuckDB's SUMMARIZE (and mlr summary where it is installed) over one CSV,
 * in turn, so that whatever else the machine does meets all of them.
 *
 *   node bench/stats/run.mjs FILE [ROUNDS]
 *
 * Prints wall and CPU seconds of each run, the medians and the ratios, and a hash of the figures,
 * which must not change from run to run. Files: bench/generate.mjs, bench/stats/generate.mjs.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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
const programs = {
  'nairobi stats': [`${root}/bin/nairobi`, 'stats', file, '--json'],
  'nairobi stats --all': [`${root}/bin/nairobi`, 'stats', file, '--all', '--json'],
  'nairobi stats --all --approx': [
    `${root}/bin/nairobi`,
    'stats',
    file,
    '--all',
    '--approx',
    '--json',
  ],
  'DuckDB SUMMARIZE': [process.execPath, '--input-type=module', '-e', DUCKDB, file],
};
if (spawnSync('mlr', ['--version']).status === 0 && process.env.MLR === '1') {
  programs['mlr summary'] = ['mlr', '--icsv', '--ojson', 'summary', file];
}

/** Wall and CPU seconds, by bash's `time`. */
function run(command) {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@"';
  const result = spawnSync('bash', ['-c', script, 'bench', ...command], {
    cwd: root,
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`${command.join(' ')}: ${result.stderr}`);
  const [wall, user, system] = result.stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { wall, cpu: user + system, output: result.stdout };
}

function figuresHash(output) {
  const { columns } = JSON.parse(output);
  return createHash('sha256').update(JSON.stringify(columns)).digest('hex').slice(0, 16);
}

const times = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
const hashes = {};
let peak = {};
for (let round = 0; round < Number(rounds); round += 1) {
  for (const [name, command] of Object.entries(programs)) {
    const { wall, cpu, output } = run(command);
    times[name].push({ wall, cpu });
    if (!name.startsWith('nairobi')) continue;
    const hash = figuresHash(output);
    if (hashes[name] !== undefined && hashes[name] !== hash)
      throw new Error(`${name}: figures changed`);
    hashes[name] = hash;
    peak = { ...peak, [name]: JSON.parse(output).report.peakMemoryBytes };
  }
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const base = times['DuckDB SUMMARIZE'];
const result = Object.entries(times).map(([name, runs]) => {
  const wall = median(runs.map((one) => one.wall));
  const cpu = median(runs.map((one) => one.cpu));
  return {
    name,
    wall,
    cpu,
    wallRatio: Number((wall / median(base.map((one) => one.wall))).toFixed(3)),
    cpuRatio: Number((cpu / median(base.map((one) => one.cpu))).toFixed(3)),
    peakMiB: peak[name] === undefined ? undefined : Math.round(peak[name] / 2 ** 20),
    figures: hashes[name],
    runs,
  };
});
const host = {
  cpu: cpus()[0]?.model,
  cpus: cpus().length,
  load: execFileSync('cat', ['/proc/loadavg'], { encoding: 'utf8' }).trim(),
};
process.stdout.write(
  `${JSON.stringify({ file, date: new Date().toISOString(), host, result }, null, 1)}\n`,
);
