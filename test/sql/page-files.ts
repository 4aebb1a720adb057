/** One table of every type in Parquet files of every codec, writer and shape. */
import { collect } from '../../src/compute/polars.ts';
import { Oracle } from './oracle.ts';

const ROWS = 10_000;

/** Every type the kernel reads; `pick(n)` is one of n values, differing from row to row. */
const pick = (n: number, salt: number): string => `(hash(i * 31 + ${salt}) % ${n})::int`;
const TABLE = `select i,
  case ${pick(7, 1)} when 3 then null else 'key ' || ${pick(13, 2)} end as text,
  case when i < 4000 then 'a long text that is no number of words ' || ${pick(3, 3)} else '' end as long,
  case ${pick(5, 4)} when 0 then null else (${pick(9, 5)} - 4)::tinyint end as i8,
  (${pick(40, 6)} - 20)::smallint as i16,
  case when i % 11 = 0 then null else (${pick(90, 7)}::bigint * 47721858 - 2147483648)::int end as i32,
  [9223372036854775807, -9223372036854775808, 0, 7, null][${pick(5, 8)} + 1]::bigint as i64,
  (i * i * 977)::bigint as wide,
  ${pick(200, 9)}::utinyint as u8, (4294967295 - ${pick(3, 10)})::uinteger as u32,
  case when i % 3 = 0 then null else ${pick(2, 11)} = 1 end as flag,
  case when i < 100 then null else ['NaN', 'inf', '-inf', '-0.0', '0.0', '1.5'][${pick(6, 12)} + 1]::double end as odd,
  case ${pick(3, 13)} when 0 then null else (${pick(1000, 14)} / 7.0)::double end as f64,
  random_of.f as other, (${pick(50, 15)} / 8.0)::real as f32,
  case when i % 2 = 0 then ${pick(30, 16)} / 100.0 end::decimal(9, 2) as cents,
  (${pick(3000, 17)} / 1000.0)::decimal(18, 3) as mills,
  date '1969-12-30' + ${pick(5, 18)} as day,
  timestamp '1969-12-31 23:59:59.999999' + interval 1 microsecond * ${pick(4, 19)} as us,
  (timestamp '2024-02-29' + interval 1 second * ${pick(4, 20)})::timestamp_ms as ms,
  timestamptz '2024-02-29 01:00:00+00' + interval 1 hour * ${pick(4, 21)} as tz,
  null::int as nothing, null::varchar as silence
  from range(${ROWS}) r(i), lateral (select (hash(i) / 1e18)::double as f) random_of`;

export const KEYS = [
  ...['text', 'i8', 'i32', 'flag', 'long', 'i16', 'i64', 'us', 'nothing', 'cents', 'mills'],
  ...['day', 'ms', 'tz', 'u8', 'u32', 'silence'],
];
const SUMS = ['i8', 'i16', 'i32', 'i64', 'wide', 'u8', 'u32', 'f64', 'other', 'f32'];
const EXTREMES = [...SUMS, 'odd', 'cents', 'mills', 'day', 'us', 'ms', 'tz', 'nothing'];

const measures = (names: readonly string[], each: (name: string) => string): string =>
  names.map(each).join(', ');
/** Whatever can be asked of every column. */
export const EVERY = [
  'count(*)',
  measures([...EXTREMES, 'flag'], (c) => `count(${c})`),
  measures([...SUMS, 'cents', 'mills', 'nothing'], (c) => `sum(${c})`),
  measures([...SUMS.filter((c) => c !== 'wide'), 'cents', 'mills'], (c) => `avg(${c})`),
  measures(EXTREMES, (c) => `min(${c}), max(${c})`),
].join(', ');

const WRITTEN = {
  snappy: 'COMPRESSION snappy, ROW_GROUP_SIZE 2048',
  zstd: 'COMPRESSION zstd, ROW_GROUP_SIZE 4096',
  gzip: 'COMPRESSION gzip',
  lz4: 'COMPRESSION lz4_raw, ROW_GROUP_SIZE 2048',
  brotli: 'COMPRESSION brotli',
  plain: 'COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE 2048',
  second: 'COMPRESSION zstd, PARQUET_VERSION V2, ROW_GROUP_SIZE 2048',
} as const;

export const FILES: readonly string[] = [
  ...Object.keys(WRITTEN),
  ...['zstd', 'lz4', 'uncompressed'].map((codec) => `polars_${codec}`),
];

/** The table is called t. */
export async function openPages(): Promise<Oracle> {
  const oracle = await Oracle.open();
  await oracle.table('t', TABLE);
  for (const [name, options] of Object.entries(WRITTEN)) await oracle.rewritten(name, 't', options);
  const frame = collect(oracle.relation('t').scan());
  for (const compression of ['zstd', 'lz4', 'uncompressed'] as const) {
    await oracle.rewritten(`polars_${compression}`, 't', (path) => {
      frame.writeParquet(path, { compression });
    });
  }
  return oracle;
}
