/** GROUP BY over Parquet pages against DuckDB: types, NULLs, codecs, writers, row groups. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KERNEL_SOURCE } from '../../src/compute/groups/kernel.generated.ts';
import { type Cell, difference, type Oracle } from './oracle.ts';
import { EVERY, FILES, KEYS, openPages } from './page-files.ts';

let oracle: Oracle;
beforeAll(async () => {
  oracle = await openPages();
});
afterAll(() => oracle[Symbol.asyncDispose]());

test('the compiled kernel is that of its sources (else run node scripts/kernels.mjs)', async () => {
  const script: string = new URL('../../scripts/kernels.mjs', import.meta.url).href;
  const { sourceDigest } = (await import(script)) as { sourceDigest(kernel: string): string };
  expect(KERNEL_SOURCE).toBe(sourceDigest('groups'));
});

/** What DuckDB answered already. */
const known = new Map<string, Cell[][]>();

/** Undefined when DuckDB and we agree, and we read the pages. */
async function compared(file: string, select: string, rest: string): Promise<string | undefined> {
  const sql = `select ${select} from ${file} ${rest}`;
  const left = await (await oracle.compile(sql)).prepare();
  if (left.length > 0) return `left to Polars: ${sql}`;
  const asked = `select ${select} from ${FILES.includes(file) ? 't' : file} ${rest}`;
  const theirs = known.get(asked) ?? (await oracle.theirs(asked));
  known.set(asked, theirs);
  return difference(await oracle.ours(sql), theirs, false);
}

test.each(FILES)('every aggregate of every type is as DuckDB has it: %s', async (file) => {
  // Each file by other keys; pages.full.ts has all by all.
  const key = KEYS[FILES.indexOf(file)];
  expect(await compared(file, `${key}, ${EVERY}`, `group by ${key}`), key).toBeUndefined();
});

test.each([
  ['text, flag', 'group by 1, 2'],
  ['flag, day, i8', 'group by 1, 2, 3'],
  ['text, long, cents, u32', 'group by all'],
  ['i32, i16', 'group by all'],
])('several keys: %s', async (keys, rest) => {
  const select = `${keys}, count(*), sum(f64), avg(wide), max(odd), count(nothing)`;
  for (const file of ['snappy', 'plain', 'polars_zstd']) {
    expect(await compared(file, select, rest)).toBeUndefined();
  }
});

/** One column compared with constants, in every way there is. */
const WHERES = [
  ['i8 > 1', 'i16 <= -7', 'i32 <> 0', 'i64 = 7', 'i64 >= 9223372036854775807', '3 < u8'],
  ['i64 < -9223372036854775807', 'wide between 1000 and 90000000', 'u32 in (4294967295, 5)'],
  ['f64 > 71.3', "odd > 'inf'::double", 'odd = 0', 'odd < 0', 'odd >= 0.0', 'odd <= 1.5'],
  ["odd = 'nan'::double", 'odd <> 0', 'not (odd > 1)', 'f32 < 3.25', 'f32 in (1.5, 2.5)'],
  ['flag', 'not flag', 'flag = false', 'flag is null', 'f64 is not null and i8 is null'],
  ["text = 'key 3'", "text <> 'key 3'", "text in ('key 1', 'key 2', 'none')", "text > 'key 2'"],
  ["text not in ('key 1', 'key 2')", 'text is null', 'text is not null', "long = ''", "long <> ''"],
  ['cents > 0.11', 'cents between 0.1 and 0.2', 'mills = 1.234', 'nothing > 3', 'nothing is null'],
  [
    "day < date '1970-01-01'",
    "us >= timestamp '1970-01-01'",
    "ms = timestamp '2024-02-29 00:00:01'",
  ],
  ["tz > timestamptz '2024-02-29 02:00:00+00'", 'i < 3000', 'i < 0', 'i >= 2048 and i < 6144'],
  ["i16 > 0 and i16 < 9 and text <> 'key 1' and flag and f64 < 100"],
].flat();

test('rows pass conditions as in DuckDB', async () => {
  for (const [index, where] of WHERES.entries()) {
    const rest = `where ${where} group by flag, text`;
    const select = 'flag, text, count(*), sum(f64), max(i32), count(odd), min(us)';
    const file = FILES[index % FILES.length] ?? '';
    // The order of texts, other units and deltas of lengths are not for the kernel.
    const left = /text >|ms =/.test(where) || file === 'second';
    const answer = await compared(file, select, rest);
    if (!left) expect(answer, `${file}: ${where}`).toBeUndefined();
  }
});

test('the plan around the groups is what it was', async () => {
  const sql = `select upper(text) u, n + 1, s / n from (select text, count(*) n, sum(cents) s
    from snappy group by text having count(*) > 10) q order by 1 desc limit 5`;
  const query = await oracle.compile(sql);
  expect(query.explain()).toContain('by text (from Parquet pages)');
  const theirs = await oracle.theirs(sql.replace('snappy', 't'));
  expect(difference(await oracle.ours(sql), theirs, true)).toBeUndefined();
});

test.each([
  'select text, median(f64) from t group by text',
  'select text, count(distinct i8) from t group by text',
  'select text, sum(i8) filter (where i16 > 0) from t group by text',
  'select f64, count(*) from t group by f64',
  'select text || long, count(*) from t group by 1',
  'select text, max(long) from t group by text',
  'select text, sum(i8) from t where i16 > 3 and f64 < 9 or flag group by text',
  "select text, sum(i8) from t where text like 'key%' group by text",
  'select text, sum(i8) from t where i16 > i8 group by text',
])('what the kernel is not for is left to Polars: %s', async (sql) => {
  const query = await oracle.compile(sql);
  expect(query.explain()).not.toContain('Parquet pages');
  expect((await query.prepare()).length).toBe(1);
});

test('too many groups are left to Polars in the midst of the work', async () => {
  await oracle.table('many', 'select i * 7919 h, i % 3 k from range(70000) r(i)');
  const sql = `select count(*), sum(n), sum(s), min(h), max(h) from
    (select h, count(*) n, sum(k) s from many group by h) q`;
  const query = await oracle.compile(sql);
  expect(query.explain()).toContain('Parquet pages');
  expect((await query.prepare()).length).toBe(1);
  expect(difference(await oracle.ours(sql), await oracle.theirs(sql), false)).toBeUndefined();
});

test('a sum below zero is asked for twice', async () => {
  await oracle.table('below', 'select i % 3 k, -(i * 7919 % 1000) / 8.0 x from range(999) r(i)');
  expect(await compared('below', 'k, avg(x), sum(x)', 'group by k')).toBeUndefined();
});

test('sums of doubles are the same however many threads there are', async () => {
  await oracle.table(
    'large',
    "select i % 100 k, 'group ' || (i % 37) t, (hash(i) / 3e17)::double x from range(1500000) r(i)",
  );
  await oracle.rewritten('packed', 'large', 'COMPRESSION uncompressed, ROW_GROUP_SIZE 100000');
  const { parquet, ...relation } = oracle.relation('packed');
  const sql = 'select t, k, sum(x), avg(x), count(*) from packed group by t, k order by t, k';
  const { compile } = await import('../../src/sql/plan.ts');
  const answers: string[] = [];
  for (const threads of [1, 2, 3]) {
    const source = parquet?.([]);
    const limited = { ...relation, parquet: () => source && { ...source, threads } };
    const query = await compile(sql, () => limited);
    expect(await query.prepare()).toEqual([]);
    answers.push(JSON.stringify(query.run().rows()));
  }
  expect(new Set(answers).size).toBe(1);
  const theirs = await oracle.theirs(sql.replace('packed', 'large'));
  expect(difference(await oracle.ours(sql), theirs, true)).toBeUndefined();
});
