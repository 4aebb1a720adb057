/** What is written can be read back: every type through every format that we read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as d from '../../src/compute/dsl.ts';
import { collect, type DataFrame, polars, toFrame } from '../../src/compute/polars.ts';
import { columnsOf, dataTypeOf } from '../../src/compute/types.ts';
import { decode } from '../../src/formats/decode.ts';
import { encode, type OutputFormat } from '../../src/formats/encode.ts';

const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = process.env['NAIROBI_TEST_FULL'] === '1' ? 400 : 6;

const integer = (bits: bigint, signed: boolean): fc.Arbitrary<string> =>
  fc.bigInt(signed ? -(2n ** (bits - 1n)) : 0n, 2n ** (signed ? bits - 1n : bits) - 1n).map(String);
const scaled = (digits: bigint, scale: number): fc.Arbitrary<string> =>
  fc.bigInt(-(10n ** digits) + 1n, 10n ** digits - 1n).map((value) => {
    const text = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    const at = text.length - scale;
    return `${value < 0n ? '-' : ''}${text.slice(0, at)}${scale > 0 ? '.' : ''}${text.slice(at)}`;
  });
/** Years 1 to 9999 in a unit of which `perSecond` make a second. */
const moment = (perSecond: bigint): fc.Arbitrary<string> =>
  fc
    .bigInt(-62_135_596_800n * perSecond, 253_402_300_799n * perSecond)
    .filter((value) => perSecond < 10n ** 9n || BigInt.asIntN(64, value) === value)
    .map(String);
const nasty = fc
  .array(
    fc.constantFrom('a', '"', ',', '\n', '\t', '\\', ' ', "'", 'é', '😀', '{', '1', 'NULL', ';'),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''));
const double = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324),
);

/** Texts that the engine casts to the type: temporal ones from the integers that they are. */
const TYPES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  Int8: integer(8n, true),
  UInt32: integer(32n, false),
  Int64: integer(64n, true),
  UInt64: integer(64n, false),
  'Decimal(38, 0)': scaled(38n, 0),
  'Decimal(12, 2)': scaled(12n, 2),
  'Decimal(38, 20)': scaled(38n, 20),
  Float64: double.map((value) =>
    Object.is(value, -0) ? '-0.0' : String(value).replace('Infinity', 'inf'),
  ),
  String: nasty,
  Date: fc.integer({ min: -719_162, max: 2_932_896 }).map(String),
  Time: fc.bigInt(0n, 86_399_999_999n).map((micros) => String(micros * 1000n)),
  'Datetime(ms)': moment(1000n),
  'Datetime(us)': moment(1_000_000n),
  'Datetime(ns)': moment(1_000_000_000n),
  'Datetime(us, UTC)': moment(1_000_000n),
};

function frameOf(type: string, texts: readonly (string | null)[]): DataFrame {
  const pl = polars();
  const isMoment = /^(Date|Time)/.test(type);
  const value = pl.col('v');
  const whole = type === 'Date' ? value.cast(pl.Int32) : isMoment ? value.cast(pl.Int64) : value;
  const frame = pl.DataFrame([pl.Series('v', [...texts], pl.Utf8)]).lazy();
  return collect(frame.select(whole.cast(dataTypeOf(type), true), pl.lit(1).alias('k')));
}

const textOf = (frame: DataFrame): string => Buffer.concat([...encode(frame, 'ndjson')]).toString();

function reread(frame: DataFrame, format: OutputFormat, types: Record<string, string>): DataFrame {
  const bytes = Buffer.concat([...encode(frame, format)]);
  return toFrame(decode({ path: `a.${format}`, bytes }, { types }).read());
}

describe('values that are written', () => {
  for (const [type, values] of Object.entries(TYPES)) {
    it(`of type ${type} are read back`, () => {
      const columns = fc.array(fc.option(values, { freq: 5 }), { minLength: 1, maxLength: 20 });
      const check = fc.property(columns, (texts) => {
        const frame = frameOf(type, texts);
        const wanted = { type, rows: textOf(frame) };
        const found = (back: DataFrame): object => ({
          type: columnsOf(back)[0]?.type,
          rows: textOf(back),
        });
        for (const format of ['parquet', 'arrow'] as const)
          expect([format, found(reread(frame, format, {}))]).toEqual([format, wanted]);
        // A text has to be told its types; JSON has its numbers as doubles, decimals too.
        const told = { v: type };
        for (const format of ['csv', 'tsv', 'json', 'ndjson'] as const) {
          if (/json/.test(format) && /Decimal\(38/.test(type)) continue;
          expect([format, found(reread(frame, format, told))]).toEqual([format, wanted]);
        }
      });
      fc.assert(check, { seed, numRuns });
    });
  }

  it('lists, structs and blobs come back from Parquet, Arrow and JSON', () => {
    const pl = polars();
    const given = [
      '{"v":[1,2],"s":{"a":1,"b":"x\\""}}',
      '{"v":[],"s":{"a":null,"b":""}}',
      '{"v":null,"s":{"a":2,"b":"\\n"}}',
      '{"v":[null,3],"s":{"a":3,"b":null}}',
    ];
    const nested = toFrame(
      decode({ path: 'a.ndjson', bytes: Buffer.from(given.join('\n')) }).read(),
    );
    expect(textOf(nested)).toBe(`${given.join('\n')}\n`);
    for (const format of ['parquet', 'arrow', 'json', 'ndjson'] as const)
      expect([format, textOf(reread(nested, format, {}))]).toEqual([format, textOf(nested)]);
    const texts = pl.DataFrame([pl.Series('b', ['', '00ff', null], pl.Utf8)]);
    const blobs = collect(texts.lazy().select(d.expression(d.cast(d.column('b'), 'Binary'), 'b')));
    expect(textOf(blobs)).toBe('{"b":""}\n{"b":"30306666"}\n{"b":null}\n');
    expect(textOf(reread(blobs, 'parquet', {}))).toBe(textOf(blobs));
  });

  it('are refused where JSON would lose digits on their way to text', () => {
    const bytes = Buffer.from('{"v":12345678901234567.89}\n{"v":1.5}\n');
    const read = (type: string): unknown =>
      toFrame(decode({ path: 'a.ndjson', bytes }, { types: { v: type } }).read())
        .getColumn('v')
        .get(1);
    for (const type of ['Decimal(30, 2)', 'String'])
      expect(() => read(type)).toThrow('more digits than a double holds');
    expect(read('Float64')).toBe(1.5);
  });
});
