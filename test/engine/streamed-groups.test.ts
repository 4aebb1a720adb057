import { describe, expect, it } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { ask, askPipe, gzipped, plain, REUSED } from './segments-model.ts';
import { checkGroups, DEFAULT_SIZES, roundingText, SUMS } from './streamed-groups.ts';

const READ_BY_POLARS = /Polars read what is not plain in .*, from line (\d+) on/;
const full = process.env['NAIROBI_TEST_FULL'] === '1';
/** As the program has them, or an eighth of it all. */
const SIZES = full
  ? DEFAULT_SIZES
  : { headBytes: 2 ** 19, regionBytes: 2 ** 22, segmentBytes: 2 ** 19 };
const ROWS = full ? 280_000 : 40_000;

describe('GROUP BY over plain text that passes once', () => {
  it('gives the sums of doubles of the file, to the bit', async () => {
    const text = roundingText(ROWS);
    expect(text.length).toBeGreaterThan(2 * SIZES.headBytes);
    const file = await ask(SUMS, plain(text), SIZES);
    const piped = await askPipe(SUMS, text, SIZES);
    const unpacked = await ask(SUMS, gzipped(text), SIZES);
    expect(file.rows?.split('\n')).toHaveLength(25);
    expect(piped.rows).toBe(file.rows);
    expect(unpacked.rows).toBe(file.rows);
    expect([...(piped.notes ?? []), ...(unpacked.notes ?? [])].join()).not.toMatch(READ_BY_POLARS);
  });

  it('adds what Polars makes of a segment that is not plain', async () => {
    const rows = Array.from({ length: 600 }, (_, row) =>
      row === 500 ? `500, 0.5,k1` : `${row},${row / 4},k${row % 3}`,
    );
    const text = `id,value,key\n${rows.join('\n')}\n`;
    const sql =
      'select key, sum(value) s, avg(id) a, max(id) m, count(*) n from t group by key order by key';
    const piped = await askPipe(sql, text, REUSED);
    expect(piped.error).toBeUndefined();
    expect(Number(READ_BY_POLARS.exec(piped.notes?.join() ?? '')?.[1])).toBeGreaterThan(480);
    const values = rows.map((row) => row.split(','));
    const expected = ['k0', 'k1', 'k2'].map((key) => {
      const own = values.filter((fields) => fields[2] === key);
      const sum = (at: number): number => own.reduce((all, fields) => all + Number(fields[at]), 0);
      const ids = own.map(([id]) => Number(id));
      return [key, sum(1), sum(0) / own.length, Math.max(...ids), own.length];
    });
    const frame = polars().readCSV(piped.rows ?? '');
    expect(frame.rows()).toEqual(expected);
  });

  it('says so when it is asked how', async () => {
    const text = roundingText(100);
    const { rows } = await askPipe(`explain ${SUMS}`, text, REUSED);
    expect(rows).toMatch(/aggregate .*\(from the text as it passes\)/);
  });

  it('gives what Polars gives for random tables, with any odd value anywhere', async () => {
    await checkGroups(10);
  });
});
