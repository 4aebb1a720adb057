/** The first quoted field comes behind what the dialect is guessed from: every way reads it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duck } from '../ingest/binary.ts';
import { ask, askPipe, gzipped, KEPT, plain, REUSED, WHOLE } from './segments-model.ts';

/** How a value is written, and what it is. */
const VALUES = {
  bare: fc.constantFrom('x', 'it"s', '5" pipe', 'a"b"c', 'say "hi"', ' "z"'),
  quoted: fc.constantFrom('"q""q"', '"a,b"', '"a\nb"', '"plain"', '"it""s, 5"" wide"'),
} as const;
const meant = (text: string): string =>
  text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;

const table = fc.record({
  head: fc.array(VALUES.bare, { minLength: 66, maxLength: 90 }),
  tail: fc.array(fc.oneof(VALUES.bare, VALUES.quoted), { minLength: 1, maxLength: 60 }),
  end: fc.constantFrom('\n', '\r\n'),
});

const written = (rows: readonly string[], end: string): string =>
  `k,v${end}${rows.map((value, index) => `${index},${value}${end}`).join('')}`;

/** As rows are printed: quoted where it has to be. */
const printed = (rows: readonly string[]): string => {
  const cell = (value: string): string =>
    /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  return `k,v\n${rows.map((value, index) => `${index},${cell(meant(value))}\n`).join('')}`;
};

const SQL = 'select k, v from t order by k';

describe('a field that is quoted first behind the sample', () => {
  it('is what it means, whole, in segments and from a pipe (seeded)', async () => {
    const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);
    console.log(`late quotes: NAIROBI_SEED=${seed}`);
    const check = fc.asyncProperty(table, async ({ head, tail, end }) => {
      const rows = [...head, ...tail];
      const text = written(rows, end);
      const expected = printed(rows);
      expect((await ask(SQL, plain(text), WHOLE)).rows).toEqual(expected);
      expect((await ask(SQL, gzipped(text), KEPT)).rows).toEqual(expected);
      expect((await ask(SQL, gzipped(text), REUSED)).rows).toEqual(expected);
    });
    const numRuns = process.env['NAIROBI_TEST_FULL'] === '1' ? 100 : 6;
    await fc.assert(check, { seed, numRuns, endOnFailure: true });
  });

  it('is what DuckDB reads with the quote given', async () => {
    const head = Array.from({ length: 80 }, (_, index) => (index % 3 === 0 ? '5" pipe' : 'x'));
    const rows = [...head, '"q""q"', '"a,b"', 'it"s', '"a\nb"'];
    const file = plain(written(rows, '\n'));
    const theirs = await duck(
      `select k, v from read_csv('${file}', columns = {'k': 'BIGINT', 'v': 'VARCHAR'},
        header = true, auto_detect = false, delim = ',', quote = '"', escape = '"') order by k`,
    );
    expect(theirs.map(([, value]) => value)).toEqual(rows.map(meant));
    const sql = "select count(*) n, count(distinct v) d, sum(length(v)) l from t where v <> 'x'";
    const ours = await Promise.all([
      ask(sql, file, WHOLE),
      ask(sql, gzipped(written(rows, '\n')), REUSED),
      askPipe(sql, written(rows, '\n'), REUSED),
    ]);
    const values = theirs.map(([, value]) => value ?? '').filter((value) => value !== 'x');
    const length = values.reduce((all, value) => all + value.length, 0);
    const expected = `n,d,l\n${values.length},${new Set(values).size},${length}\n`;
    expect(ours.map((one) => one.rows)).toEqual([expected, expected, expected]);
  });

  it('of double quotes where all were single ones is the same error everywhere', async () => {
    const rows = Array.from({ length: 200 }, (_, index) => (index === 150 ? '"d"' : "'x,y'"));
    const text = written(rows, '\n');
    for (const [file, sizes] of [
      [plain(text), WHOLE],
      [gzipped(text), WHOLE],
      [gzipped(text), KEPT],
      [gzipped(text), REUSED],
    ] as const) {
      const { error } = await ask('select v, count(*) from t group by v', file, sizes);
      expect(error?.message).toMatch(/quoted by ', and field 2 here begins with "/);
      expect(error?.where).toMatchObject({ line: 152 });
    }
  });
});
