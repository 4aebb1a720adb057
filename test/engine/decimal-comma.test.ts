/** Numbers as German, French or Spanish programs write them, whole and in segments. */
import { describe, expect, it } from 'vitest';
import type { ReadOptions } from '../../src/formats/options.ts';
import { ask, gzipped, KEPT, plain, WHOLE } from './segments-model.ts';

const COMMA: ReadOptions = { decimalComma: true };
const all = 'select * from t';
const text = (...values: readonly string[]): string =>
  `n;v\n${values.map((value, row) => `${row};${value}\n`).join('')}`;

/** The same from a file and from segments of some rows. */
async function told(content: string, read: ReadOptions = {}) {
  const whole = await ask(all, plain(content), WHOLE, read);
  const cut = await ask(all, gzipped(content), KEPT, read);
  expect(cut.types).toEqual(whole.types);
  expect(cut.rows).toBe(whole.rows);
  expect(cut.error?.message).toBe(whole.error?.message);
  const values = whole.rows?.trim().split('\n').slice(1);
  return { type: whole.types?.[1], values: values?.map((row) => row.split(',')[1]), ...whole };
}

describe('points that divide thousands', () => {
  it('are known by a number that has a decimal comma, too', async () => {
    expect(await told(text('1.234,56', '7', '-12,5', '1.234', '12.345.678'))).toMatchObject({
      type: 'Float64',
      values: ['1234.56', '7.0', '-12.5', '1234.0', '12345678.0'],
    });
  });

  it('are taken for such where --decimal-comma says that no point is decimal', async () => {
    const found = await told(text('1.234', '2.500', '999'), COMMA);
    expect(found).toMatchObject({ type: 'Float64', values: ['1234.0', '2500.0', '999.0'] });
    const given = await told(text('1.234', '5'), { ...COMMA, types: { v: 'Float64' } });
    expect(given).toMatchObject({ type: 'Float64', values: ['1234.0', '5.0'] });
  });

  it('are not guessed: what could be a fraction is one, and both together are text', async () => {
    expect(await told(text('1.234', '2.500'))).toMatchObject({ values: ['1.234', '2.5'] });
    expect(await told(text('5,5', '1.234'))).toMatchObject({ type: 'String' });
    expect(await told(text('1.234,5', '1.25'))).toMatchObject({ type: 'String' });
    expect(await told(text('1.234,5', '0.125'))).toMatchObject({ type: 'String' });
    expect(await told(text('192.168.100.200', '10.100.100.1'))).toMatchObject({ type: 'String' });
    expect(await told(text('1.23,5', '1234.567,5'))).toMatchObject({ type: 'String' });
  });

  it('may come late', async () => {
    const early = Array.from({ length: 300 }, (_, row) => `${row},5`);
    const found = await told(text(...early, '-1.234.567,25'), { inferRows: 100 });
    expect(found.values?.at(-1)).toBe('-1234567.25');
    const grouped = await told(text('1.000,5', ...early, '1.234'), { inferRows: 100 });
    expect(grouped.values?.at(-1)).toBe('1234.0');
  });
});

describe('what is no number in a column with decimal commas', () => {
  const late = text(...Array.from({ length: 300 }, (_, row) => `${row},5`), 'abc');

  it('is named with its place', async () => {
    const { error } = await told(late, { inferRows: 100 });
    expect(error?.message).toContain('"abc" is not a number: column "v" is Float64');
    expect(error?.where).toMatchObject({ line: 302, column: 'v' });
  });

  it('is made null or left out where --on-error allows', async () => {
    const nulled = await told(late, { inferRows: 100, onError: 'null' });
    expect(nulled.values?.slice(-2)).toEqual(['299.5', '']);
    const skipped = await told(late, { inferRows: 100, onError: 'skip' });
    expect(skipped.values?.length).toBe(300);
  });
});
