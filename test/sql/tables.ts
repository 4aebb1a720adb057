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
  await oracle.table(
    'edge',
    `SELECT * FROM (VALUES
      (1, 'NaN'::DOUBLE, 0.0::REAL, 255::UTINYINT, 18446744073709551615::UBIGINT, (-128)::TINYINT, '', DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59.999999', TIMESTAMPTZ '2024-03-31 00:30:00+00', TIME '23:59:59.5', -0.001::DECIMAL(38,3)),
      (2, 'Infinity'::DOUBLE, 1.5::REAL, 0::UTINYINT, 0::UBIGINT, 127::TINYINT, 'ÄÖü€😀', DATE '0001-01-01', TIMESTAMP '1900-02-28 12:00:00', TIMESTAMPTZ '2024-03-31 01:30:00+00', TIME '00:00:00', 99999999999999999999999999999999999.999::DECIMAL(38,3)),
      (3, '-Infinity'::DOUBLE, -1.25::REAL, NULL, 9223372036854775808::UBIGINT, NULL, 'a%b_c', DATE '9999-12-31', TIMESTAMP '2024-02-29 23:59:59', TIMESTAMPTZ '2024-10-27 00:30:00+00', NULL, 0),
      (4, -0.0::DOUBLE, NULL, 7, 1, 0, ' pad ', NULL, NULL, NULL, TIME '12:34:56.789', 12.345),
      (5, 0.0::DOUBLE, 2.5::REAL, 7, 1, -1, NULL, DATE '2024-02-29', TIMESTAMP '2024-12-30 00:00:00', TIMESTAMPTZ '2024-06-30 22:00:00+00', TIME '01:02:03', -12.345)
    ) v(id, f, r, u8, u64, i8, s, d, ts, tz, tm, big)`,
  );
}
