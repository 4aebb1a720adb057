/** Random tables as delimited text, and what reading them must give. */
import fc from 'fast-check';

export interface Style {
  readonly delimiter: string;
  readonly lineEnd: '\n' | '\r\n';
  readonly lastLineEnd: boolean;
  readonly bom: boolean;
  /** Quote fields that need no quotes too. */
  readonly quoteAll: boolean;
}

export interface Model {
  readonly names: readonly string[];
  /** Texts as they stand in the file; null is an empty field. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly style: Style;
}

export const style: fc.Arbitrary<Style> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  lineEnd: fc.constantFrom('\n' as const, '\r\n' as const),
  lastLineEnd: fc.boolean(),
  bom: fc.boolean(),
  quoteAll: fc.boolean(),
});

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

const day = fc
  .tuple(
    fc.integer({ min: 1900, max: 2100 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
  )
  .map(([year, month, date]) => `${year}-${pad(month)}-${pad(date)}`);

const clock = fc
  .tuple(
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
    fc.integer({ min: 0, max: 59 }),
  )
  .map(([hour, minute, second]) => `${pad(hour)}:${pad(minute)}:${pad(second)}`);

const text = fc.string({
  unit: fc.constantFrom(...'abcXYZ 019.,;|\t"\'\n\r#-+eé日'),
  maxLength: 8,
});

/** Values of one type each, as text; texts that say nothing about their type come last. */
export const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  Int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  Float64: fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (Number.isInteger(value) ? value.toFixed(1) : String(value)))
    .filter((one) => !/^-?\d{16,}/.test(one)),
  Boolean: fc.constantFrom('true', 'false'),
  Date: day,
  'Datetime(us)': fc.tuple(day, clock).map(([date, time]) => `${date} ${time}`),
  String: text,
};

/** A table of texts: every value is one. */
export const textModel: fc.Arbitrary<Model> = fc
  .tuple(style, fc.integer({ min: 2, max: 5 }))
  .chain(([one, width]) =>
    fc.record({
      names: fc.constant(Array.from({ length: width }, (_, index) => `n${index}`)),
      rows: fc.array(
        fc.tuple(...Array.from({ length: width }, () => fc.option(text, { freq: 5 }))),
        {
          minLength: 1,
          maxLength: 30,
        },
      ),
      style: fc.constant(one),
    }),
  );

export interface TypedModel extends Model {
  readonly types: readonly string[];
}

/** A table whose columns hold values of one type each. */
export const typedModel: fc.Arbitrary<TypedModel> = fc
  .tuple(style, fc.array(fc.constantFrom(...Object.keys(VALUES)), { minLength: 2, maxLength: 6 }))
  .chain(([one, types]) =>
    fc.record({
      names: fc.constant(types.map((_, index) => `n${index}`)),
      types: fc.constant(types),
      rows: fc.array(
        fc.tuple(
          ...types.map((type) => fc.option(VALUES[type] as fc.Arbitrary<string>, { freq: 6 })),
        ),
        { minLength: 2, maxLength: 40 },
      ),
      style: fc.constant(one),
    }),
  );

/** The table as a file's bytes. Texts keep "" apart from null by quotes. */
export function bytesOf({ names, rows, style: how }: Model): Buffer {
  const field = (value: string | null): string => {
    if (value === null) return '';
    const needs =
      value === '' ||
      how.quoteAll ||
      /["\r\n\t,;|]/.test(value) ||
      value.startsWith(' ') ||
      value.endsWith(' ');
    return needs ? `"${value.replaceAll('"', '""')}"` : value;
  };
  const lines = [names, ...rows].map((row) => row.map(field).join(how.delimiter));
  const end = how.lastLineEnd ? how.lineEnd : '';
  return Buffer.from((how.bom ? '\ufeff' : '') + lines.join(how.lineEnd) + end);
}
