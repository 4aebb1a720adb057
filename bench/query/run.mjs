// nairobi query beside DuckDB and a hand-written Polars script: whole processes, in turn, medians.
//   node bench/query/run.mjs FILE [ROUNDS] [--cold] > bench/runs/DATE-query.jsonl
// FILE is made by bench/generate.mjs, or is its Parquet twin made by "nairobi ingest".
import { fileURLToPath } from 'node:url';
import { compare } from '../compare.mjs';

const words = process.argv.slice(2);
const cold = words.includes('--cold');
const [file, rounds = '7'] = words.filter((word) => word !== '--cold');
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const sql = `select device, count(*), avg(temp), max(humidity), sum(seq) from '${file}'
  group by device order by device`;

/** Counts and sums must agree to the digit; means to 9 digits. */
function digest(output) {
  const rounded = output
    .trim()
    .split('\n')
    .map((line) => {
      const [device, n, temp, humidity, seq] = line.split(',');
      return [device, n, Number(temp).toPrecision(9), Number(humidity), seq].join(',');
    });
  return rounded.join('\n');
}

compare({ file, rounds: Number(rounds), cold, digest }, (threads) => ({
  nairobi: [at('../../bin/nairobi'), 'query', sql, '--no-header'],
  duckdb: [process.execPath, at('duckdb.mjs'), sql, threads],
  polars: [process.execPath, at('polars.mjs'), file],
}));
