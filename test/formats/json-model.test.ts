import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toFrame } from '../../src/compute/polars.ts';
import { decode } from '../../src/formats/decode.ts';
import { encode } from '../../src/formats/encode.ts';

const numRuns = process.env['NAIROBI_TEST_FULL'] === '1' ? 5000 : 100;
const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);

/** Lone surrogates aside, which Polars reads as NUL: no text holds them. */
const text = fc.string({ unit: 'grapheme', maxLength: 6 }).filter((one) => one.isWellFormed());

const SCALARS: readonly fc.Arbitrary<unknown>[] = [
  fc.integer(),
  // Below 2^63: JavaScript writes larger ones as integers, which Polars makes text inside a list.
  fc.double({ noNaN: true, min: -9e18, max: 9e18 }).map((value) => value + 0.5),
  fc.boolean(),
  text.map((one) => `t${one}`),
];

/** One arbitrary a key: the values of a key are of one kind. */
const column: fc.Arbitrary<fc.Arbitrary<unknown>> = fc
  .tuple(fc.integer({ min: 0, max: SCALARS.length - 1 }), fc.integer({ min: 0, max: 2 }))
  .map(([kind, depth]) => {
    const scalar = SCALARS[kind] as fc.Arbitrary<unknown>;
    if (depth === 1) return fc.array(scalar, { minLength: 1, maxLength: 3 });
    return depth === 2 ? fc.record({ x: scalar, y: fc.constant('y') }) : scalar;
  });

const records = fc
  .uniqueArray(text, { minLength: 1, maxLength: 5 })
  .chain((names) => fc.tuple(fc.constant(names), fc.tuple(...names.map(() => column))))
  .chain(([names, columns]) =>
    fc.tuple(
      fc.constant(names),
      fc.array(
        fc.tuple(...columns.map((values) => fc.option(values, { freq: 4, nil: undefined }))),
        {
          minLength: 1,
          maxLength: 30,
        },
      ),
    ),
  );

type Row = Record<string, unknown>;

function read(bytes: Buffer, path: string): Row[] {
  const frame = toFrame(decode({ path, bytes }).read());
  return JSON.parse(Buffer.concat([...encode(frame, 'json')]).toString()) as Row[];
}

describe('records of random keys and values', () => {
  it('come back as they went, as lines and as an array', () => {
    console.log(`seed ${seed}: NAIROBI_TEST_SEED repeats it`);
    fc.assert(
      fc.property(records, ([names, rows]) => {
        const objects = rows.map((row) =>
          Object.fromEntries(names.map((name, index) => [name, row[index]])),
        );
        const lines = Buffer.from(objects.map((one) => `${JSON.stringify(one)}\n`).join(''));
        const seen = names.filter((name) => objects.some((one) => one[name] !== undefined));
        const wanted = objects.map((one) =>
          Object.fromEntries(seen.map((name) => [name, one[name] ?? null])),
        );
        if (seen.length === 0) return;
        expect(read(lines, 'a.ndjson')).toEqual(wanted);
        expect(read(Buffer.from(JSON.stringify(objects)), 'a.json')).toEqual(wanted);
      }),
      { numRuns, seed, verbose: 1 },
    );
  });
});
