/** Small tables with every type, NULLs, duplicates and edge values, made by DuckDB's SQL. */
import type { Oracle } from './oracle.ts';

export async function makeTables(oracle: Oracle): Promise<void> {
  await oracle.table(
    't',
    `SELECT i::INTEGER AS id,
       CASE WHEN i % 11 = 0 THEN NULL ELSE (i * 37) % 100 END::BIGINT AS n,
       CASE WHEN i % 7 = 0 THEN NULL ELSE ((i * 53) % 1000) / 8.0 - 40 END::DOUBLE AS x,
       CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'red' WHEN 2 THEN 'green' WHEN 3 THEN 'blue' ELSE 'Red' END AS color,
       (((i * 7919) % 100000) / 100.0)::DECIMAL(15,2) AS price,
       CASE WHEN i % 13 = 0 THEN NULL ELSE (i % 3 = 0) END AS flag,
       DATE '2024-01-01' + (i * 5 % 400)::INTEGER AS day,
       TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (i * 3700) SECOND AS ts,
       'item ' || (i % 17) || CASE WHEN i % 4 = 0 THEN ' special' ELSE '' END AS note
     FROM range(200) r(i)`,
  );
  await oracle.table(
    'u',
    `SELECT i::INTEGER AS id, CASE WHEN i % 6 = 0 THEN NULL ELSE i % 23 END::BIGINT AS n,
       CASE i % 4 WHEN 0 THEN 'red' WHEN 1 THEN 'blue' WHEN 2 THEN 'black' ELSE NULL END AS color,
       (i * 1.25)::DOUBLE AS y,
       TIMESTAMP '2024-01-01 00:30:00' + INTERVAL (i * 7200) SECOND AS at
     FROM range(60) r(i)`,
  );
  await oracle.table('empty', 'SELECT * FROM t WHERE false');
  await oracle.table(
    'big',
    `SELECT * FROM (VALUES (9223372036854775807::BIGINT, 'a'), (9223372036854775806, 'a'), (-9223372036854775808, 'b'), (NULL, 'b'), (9007199254740993, 'c')) v(v, g)`,
  );
}
