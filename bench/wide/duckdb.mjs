// The other peer. It has no Spearman: ranks with ties shared, then corr.
//   node bench/wide/duckdb.mjs FILE THREADS
import { DuckDBInstance } from '@duckdb/node-api';

const [file, threads] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(':memory:', { threads })).connect();
const ranked = (column) =>
  `rank() over (order by ${column}) + (count(*) over (partition by ${column}) - 1) / 2`;
const reader = await connection.runAndReadAll(`
  select count(points), min(points), max(points), avg(points), stddev(points), variance(points),
    quantile_cont(points, 0.95), quantile_cont(points, 0.99), skewness(points), kurtosis(points),
    corr(minutes, plus_minus), corr(r, s)
  from (select points, minutes, plus_minus, ${ranked('minutes')} r, ${ranked('plus_minus')} s
        from '${file}')`);
for (const row of reader.getRowsJson()) console.log(row.join(','));
