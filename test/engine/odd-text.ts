/** Random tables as delimited text, with what readers trip over at random places. */
import fc from 'fast-check';

/** What a field may be instead of a plain value of its column. */
const ODD = [
  '"a ""b"""',
  '"x\ny"',
  '"x, y"',
  'stray"quote',
  ' 12 ',
  '+5',
  '1e400',
  '0x10',
  'NaN',
  '2.5',
  '9223372036854775808',
  '1_000',
  'NULL',
  '"7"',
  '""',
  'true',
  '2024-02-30',
  'é漢',
  '',
] as const;

const ODD_LINES = ['', 'only', '1,2,3,4,5,6', '"open,1,2,3', '   '] as const;

export interface OddText {
  readonly text: string;
  readonly odd: number;
}

const LINE_ENDS = ['\n', '\r\n'] as const;

/** Columns i (integers), f (doubles), s (texts), t (timestamps), e (empty at first). */
export const oddText: fc.Arbitrary<OddText> = fc
  .record({
    rows: fc.integer({ min: 0, max: 120 }),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    places: fc.array(fc.tuple(fc.nat(1 << 16), fc.nat(4), fc.constantFrom(...ODD)), {
      maxLength: 3,
    }),
    lines: fc.array(fc.tuple(fc.nat(1 << 16), fc.constantFrom(...ODD_LINES)), { maxLength: 1 }),
    end: fc.constantFrom(...LINE_ENDS),
    isCut: fc.boolean(),
    hasBom: fc.boolean(),
  })
  .map(({ rows, seed, places, lines, end, isCut, hasBom }) => {
    const all = Array.from({ length: rows }, (_, row) => plainRow(row, seed));
    for (const [at, column, value] of places) {
      const row = all[at % Math.max(1, rows)];
      if (row !== undefined) row[column] = value;
    }
    const written = ['i,f,s,t,e', ...all.map((row) => row.join(','))];
    for (const [at, line] of lines) written.splice(1 + (at % (rows + 1)), 0, line);
    const text = `${hasBom ? '\uFEFF' : ''}${written.join(end)}${isCut ? '' : end}`;
    return { text, odd: places.length + lines.length };
  });

function plainRow(row: number, seed: number): string[] {
  const hash = Math.imul(row + 1, seed) >>> 0;
  const time = new Date(Date.UTC(2024, 0, 1) + row * 61_000).toISOString().slice(0, 19);
  return [
    String(hash % 1000),
    // A fraction from the first row on: one that comes late contradicts a stream without.
    row > 0 && hash % 11 === 0 ? '' : String((hash % 10_007) / 8 + 1 / 16),
    hash % 5 === 0 ? `"n, ${hash % 3}"` : `n${hash % 7}`,
    time,
    '',
  ];
}
