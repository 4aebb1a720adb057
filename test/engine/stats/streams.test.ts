import { describe, expect, it } from 'vitest';
import { gzipped, plain, REUSED, WHOLE } from '../segments-model.ts';
import { checkWays, statsOf, statsOfPipe } from './streams.ts';

const rows = (count: number, value: (row: number) => string): string =>
  `id,value,name\n${Array.from({ length: count }, (_, row) => `${row},${value(row)},n${row % 7}\n`).join('')}`;

describe('stats of plain text that passes once', () => {
  it('are those of the file, without Polars', async () => {
    const text = rows(500, (row) => (row / 8).toFixed(3));
    const whole = await statsOf(plain(text), WHOLE);
    const piped = await statsOfPipe(text, REUSED, { threads: 2 });
    expect(piped.streamed).toBe(true);
    expect(piped.figures).toBe(whole.figures);
    expect(piped.notes.join()).not.toMatch(/Polars/);
  });

  it('have Polars take only what is not plain, and say where that begins', async () => {
    const text = rows(500, (row) => (row === 400 ? ' 7.5' : (row / 8).toFixed(3)));
    const whole = await statsOf(plain(text), WHOLE);
    const piped = await statsOfPipe(text, REUSED, { threads: 2 });
    expect(piped.figures).toBe(whole.figures);
    const [, line] =
      /Polars read what is not plain in .*, from line (\d+) on/.exec(piped.notes.join()) ?? [];
    expect(Number(line)).toBeGreaterThan(380);
    expect(Number(line)).toBeLessThanOrEqual(402);
  });

  it('go on with the kernel behind each of many odd rows', async () => {
    const text = rows(1500, (row) => (row % 50 === 49 ? ` ${row}` : String(row)));
    for (const way of [statsOfPipe(text, REUSED, { threads: 2 }), statsOf(gzipped(text), REUSED)]) {
      const { figures, notes } = await way;
      expect(figures).toBe((await statsOf(plain(text), WHOLE)).figures);
      expect(notes.join()).toMatch(/Polars read/);
    }
  });

  it('are those of the file for random tables, with any odd value anywhere', async () => {
    await checkWays(8);
  });
});
