// Twelve figures of three columns of a wide CSV in one query: nairobi beside a hand-written Polars
// script and DuckDB, whole processes, in turn, medians.
//   node bench/wide/run.mjs FILE [ROUNDS] > bench/runs/DATE-query-wide.jsonl
// FILE is made by bench/wide/generate.mjs.
import { fileURLToPath } from 'node:url';
import { compare } from '../compare.mjs';

const [file, rounds = '7'] = process.argv.slice(2);
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const sql = `select count(points), min(points), max(points), avg(points), stddev(points),
  variance(points), quantile_cont(points, 0.95), quantile_cont(points, 0.99), skewness(points),
  kurtosis(points), corr(minutes, plus_minus), corr_spearman(minutes, plus_minus) from '${file}'`;

/** To nine digits; DuckDB's skewness and kurtosis are the sample's, too. */
const digest = (output) =>
  output
    .trim()
    .split(',')
    .map((value) => Number(value).toPrecision(9))
    .join(',');

compare({ file, rounds: Number(rounds), digest }, (threads) => ({
  nairobi: [at('../../bin/nairobi'), 'query', sql, '--no-header'],
  polars: [process.execPath, at('polars.mjs'), file],
  duckdb: [process.execPath, at('duckdb.mjs'), file, threads],
}));
