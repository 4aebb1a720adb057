// nairobi query beside DuckDB and a hand-written Polars script: whole processes, in turn, medians.
//   node bench/query/run.mjs FILE [ROUNDS] [--cold] > bench/runs/DATE-query.jsonl
// FILE is made by bench/generate.mjs, or is its Parquet twin made by "nairobi ingest".
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const words = process.argv.slice(2);
const cold = words.includes('--cold');
const [file, rounds = '7'] = words.filter((word) => word !== '--cold');
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const threads = String(cpus().length);
const sql = (from) =>
  `select device, count(*), avg(temp), max(humidity), sum(seq) from ${from} group by device order by device`;

const PEERS = {
  nairobi: [at('../../bin/nairobi'), 'query', sql(`'${file}'`), '--no-header'],
  duckdb: [process.execPath, at('duckdb.mjs'), sql(`'${file}'`), threads],
  polars: [process.execPath, at('polars.mjs'), file],
};

/** Counts and sums must agree to the digit; means to 9 digits. */
function digest(output) {
  const lines = output.trim().split('\n');
  const rounded = lines.map((line) => {
    const [device, n, temp, humidity, seq] = line.split(',');
    return [device, n, Number(temp).toPrecision(9), Number(humidity), seq].join(',');
  });
  return createHash('sha256').update(rounded.join('\n')).digest('hex').slice(0, 12);
}

function once([program, ...args]) {
  if (cold) spawnSync('sh', ['-c', 'sync; echo 1 > /proc/sys/vm/drop_caches']);
  const before = process.hrtime.bigint();
  const { stdout, status, stderr } = spawnSync(
    '/usr/bin/time',
    ['-q', '-f', '%U %S %M', program, ...args],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  const ms = Number(process.hrtime.bigint() - before) / 1e6;
  if (status !== 0) throw new Error(stderr);
  const [user, system, kilobytes] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { ms, cpuMs: (user + system) * 1000, peakMiB: kilobytes / 1024, result: digest(stdout) };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const host = { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), kernel: release() };
console.log(JSON.stringify({ file, cold, rounds: Number(rounds), node: process.version, ...host }));
const runs = Object.fromEntries(Object.keys(PEERS).map((name) => [name, []]));
for (let round = 0; round <= Number(rounds); round += 1) {
  for (const [name, command] of Object.entries(PEERS)) {
    const run = once(command);
    if (round > 0) runs[name].push(run); // the first warms the page cache and the code cache
    console.log(JSON.stringify({ round, name, ...run }));
  }
}
const of = (name, field) => median(runs[name].map((run) => run[field]));
const summary = Object.keys(PEERS).map((name) => ({
  name,
  ms: Math.round(of(name, 'ms')),
  cpuMs: Math.round(of(name, 'cpuMs')),
  peakMiB: Math.round(of(name, 'peakMiB')),
  wallToDuckdb: (of(name, 'ms') / of('duckdb', 'ms')).toFixed(2),
  wallToPolars: (of(name, 'ms') / of('polars', 'ms')).toFixed(2),
}));
console.log(JSON.stringify({ summary }));
console.error(summary);
