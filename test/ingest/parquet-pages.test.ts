import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { type CsvPlan, sniffCsv } from '../../src/formats/csv/sniff.ts';
import { CsvDecoder } from '../../src/ingest/decode/csv.ts';
import { KERNEL_SOURCE } from '../../src/ingest/parquet/kernel.generated.ts';
import { PlainEncoder } from '../../src/ingest/parquet/pages.ts';
import { encodeParquet } from '../../src/ingest/parquet/writer.ts';
import { duck, workspace } from './binary.ts';

const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);

test('the kernel was compiled from the sources beside it', async () => {
  const script = new URL('../../scripts/kernels.mjs', import.meta.url).href;
  const { sourceDigest } = (await import(script)) as { sourceDigest(kernel: string): string };
  expect(KERNEL_SOURCE).toBe(sourceDigest('parquet'));
});

/** How the values of a column come about, from the row and a random number below 1. */
const SHAPES: readonly ((row: number, random: number) => string)[] = [
  (row) => String(9_000_000_000_000 + row),
  (_, random) => String(Math.floor(random * 7) - 3),
  (_, random) => (random < 0.5 ? '-' : '') + String(Math.floor(random * 1e15)).padEnd(18, '7'),
  () => '42',
  (_, random) => String(Math.round(random * 1e6) / 100),
  (_, random) => String((random - 0.5) * 1e-7),
  (row, random) => (random * 10 ** (row % 300)).toExponential(),
  (_, random) => (random < 0.3 ? '-0.0' : random < 0.6 ? '0.0' : '1.5'),
  (_, random) => String(random < 0.5),
  (row) => (row % 40 < 20 ? 'true' : 'false'),
  (row) => new Date(1.7e12 + row * 1000).toISOString().slice(0, 19).replace('T', ' '),
  (_, random) => new Date(random * 4e12 - 2e12).toISOString().slice(0, 23),
  (_, random) => new Date(random * 4e12 - 2e12).toISOString().slice(0, 10),
  (_, random) =>
    ['card', 'cash', '"a ""b"", c"', 'länger als zwölf Bytes'][Math.floor(random * 4)] ?? '',
  (row, random) => `device ${row} ${random}`,
  (row, random) => (random < 0.2 ? '""' : 'x'.repeat(row % 90)),
  (_, random) => `"${'é'.repeat(Math.floor(random * 9))}\n,"`,
  (row) => `k${row % 300}`,
];

interface Case {
  readonly rows: number;
  readonly shapes: readonly number[];
  readonly nulls: number;
  readonly seed: number;
}

const cases = fc.record({
  rows: fc.constantFrom(1, 2, 7, 8, 9, 31, 33, 127, 128, 129, 257, 1000, 4099),
  shapes: fc.array(fc.nat(SHAPES.length - 1), { minLength: 2, maxLength: 6 }),
  nulls: fc.constantFrom(0, 0.02, 0.5, 1),
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
});

function textOf({ rows, shapes, nulls, seed }: Case): string {
  let state = seed;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const lines = [shapes.map((_, index) => `c${index}`).join(',')];
  for (let row = 0; row < rows; row += 1) {
    // The first column has no nulls: a row of nothing but commas is no row to some readers.
    lines.push(
      shapes
        .map((shape, index) =>
          index > 0 && random() < nulls ? '' : (SHAPES[shape]?.(row, random()) ?? ''),
        )
        .join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}

function bothWays(text: string): { fast: Buffer | undefined; plan: CsvPlan; slow: Buffer } {
  const bytes = Buffer.from(text);
  const plan = sniffCsv(bytes, 'csv', { header: true, delimiter: ',', quote: '"' }, true);
  const decoder = new CsvDecoder(plan, 'fail', undefined);
  const data = bytes.subarray(plan.data.byte);
  const frame = (part: Buffer) => decoder.decode({ data: part, offset: 0 }, 1).frame;
  const encoding = { codec: 'zstd', keys: [] } as const;
  const encoder = PlainEncoder.open(plan, undefined, encoding, () => frame(Buffer.alloc(0)));
  const fast = encoder?.encode(data)?.piece.parquet;
  return { fast, plan, slow: encodeParquet(frame(data), 'zstd') };
}

test('what the kernel writes is to DuckDB and to Polars what the general way writes', async () => {
  using room = workspace('pages');
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const { fast, slow } = bothWays(textOf(one));
      if (fast === undefined) return;
      taken += 1;
      // Never the same name: DuckDB keeps the footer of a file that looks unchanged.
      const [a, b] = [join(room.path, `a${taken}.parquet`), join(room.path, `b${taken}.parquet`)];
      const pl = polars();
      expect(pl.readParquet(fast).frameEqual(pl.readParquet(slow), true)).toBe(true);
      writeFileSync(a, fast);
      writeFileSync(b, slow);
      const numbered = (file: string) =>
        `select *, file_row_number from read_parquet('${file}', file_row_number = true)`;
      expect(await duck(`${numbered(a)} except all ${numbered(b)}`)).toEqual([]);
      expect(await duck(`select count(*) from '${a}'`)).toEqual([[String(one.rows)]]);
      // Statistics let readers leave row groups out: they have to hold every value.
      const [pruned] = await duck(
        `select count(*) from '${a}' x, (select min(c1) lo, max(c1) hi from '${b}') where c1 between lo and hi`,
      );
      const [all] = await duck(`select count(*) from '${b}' where c1 is not null`);
      expect(pruned).toEqual(all);
    }),
    { numRuns: 60, seed },
  );
  expect(taken, `NAIROBI_SEED=${seed}`).toBeGreaterThan(30);
}, 90_000);

test('text that is not as it should be is left to the general way', () => {
  const rows = Array.from({ length: 200 }, (_, row) => `${row},${row / 4}\n`).join('');
  for (const odd of [
    '1,2,3\n',
    '7\n',
    '\n',
    '8,oops\n',
    '9,"1\n',
    '1x,2\n',
    '99999999999999999999,1\n',
  ]) {
    const encoder = encoderOf(`a,b\n${rows}`);
    expect(encoder.encode(Buffer.from(rows + odd))).toBeUndefined();
    expect(encoder.encode(Buffer.from(rows))?.rows).toBe(200);
  }
});

function encoderOf(text: string): PlainEncoder {
  const plan = sniffCsv(Buffer.from(text), 'csv', { header: true }, true);
  const decoder = new CsvDecoder(plan, 'fail', undefined);
  const empty = () => decoder.decode({ data: Buffer.alloc(0), offset: 0 }, 1).frame;
  const encoder = PlainEncoder.open(plan, undefined, { codec: 'zstd', keys: [] }, empty);
  if (encoder === undefined) throw new Error('plain text of plain types has a kernel');
  return encoder;
}
