import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect, toFrame } from '../../src/compute/polars.ts';
import { NairobiError } from '../../src/errors.ts';
import { rowsOf } from '../../src/formats/cells.ts';
import { bytesInMemory } from '../../src/formats/csv/census-kernel.ts';
import { ODD, oddColumns, oddColumnsSlowly, type Watch } from '../../src/formats/csv/odd-values.ts';
import { KERNEL_SOURCE } from '../../src/formats/csv/values-kernel.generated.ts';
import { decode } from '../../src/formats/decode.ts';
import type { Decoded } from '../../src/formats/decoded.ts';
import type { OnError, ReadOptions } from '../../src/formats/options.ts';
import { resultOf } from '../../src/formats/result.ts';

const full = process.env['NAIROBI_TEST_FULL'] === '1';
const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);

/** What a column is for hundreds of rows. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  integers: ['1', '20', '-3', '0'],
  doubles: ['1.5', '20.25', '-3.0', '0.5'],
  decimals: ['1.5', '12345678901234567890'],
  large: ['123456789012345678901', '5'],
  'printed doubles': ['71721148410901530', '-4.5e+22', '0.25', '-123456789012345680000'],
  'printed integers': ['71721148410901530', '12'],
  booleans: ['true', 'false'],
  dates: ['2024-01-31', '2023-12-01'],
  'other dates': ['31/01/2024', '01/12/2023'],
  times: ['10:11:12', '09:00:00.5'],
  timestamps: ['2024-01-31 10:11:12', '2024-01-31 10:11:12.25'],
  instants: ['2024-01-31T10:11:12Z', '2024-01-31T10:11:12+02:00'],
  texts: ['a', 'b c', ''],
  nothing: [''],
};

/** What comes once, far down. */
const LATE = [
  ...new Set(Object.values(KINDS).flat()),
  ...[
    '007',
    '-007',
    '00.5',
    '+5',
    ' 7',
    '7 ',
    '1e3',
    '1e400',
    '-1e400',
    '1e-400',
    '1.',
    '.5',
    '-0',
  ],
  ...[
    '9007199254740993',
    '9007199254740992',
    '12345678901234567',
    '1152921504606846976',
    '9223372036854775808',
    '1'.repeat(40),
    '1'.repeat(400),
  ],
  ...[
    '0x10',
    '1_000',
    '1,234',
    'NaN',
    'nan',
    'inf',
    '-Infinity',
    'NA',
    'NULL',
    'null',
    '-',
    'TRUE',
  ],
  ...['yes', 't', '2024-02-31', '2024-1-5', '12/31/2024', '24:00', '10:11', '2024-01-31 10:11'],
  ...['2024-01-31 10:11:12.123456789', '2024-01-31T10:11:12.1234567Z', '2024-01-31 10:11:12 UTC'],
  ...['10:11:12.1234567', '1706695872', '1706695872.5', 'é', '"quoted"', '0123-456', '1.2.3'],
];

const ROWS = 700;
const AT = 650;

const quoted = (value: string): string =>
  /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;

function textOf(values: readonly string[], late: string): Buffer {
  const rows = Array.from({ length: ROWS }, (_, row) => values[row % values.length] ?? '');
  rows[AT] = late;
  // A second column makes rows long enough, and blank ones no blank lines.
  return Buffer.from(
    `v,k\n${rows.map((value, row) => `${quoted(value)},row-${row}-of-many\n`).join('')}`,
  );
}

interface Read {
  readonly type: string;
  readonly values: readonly (string | null)[];
}

/** As the engine reads: whatever contradicts is recovered from, or thrown. */
function read(bytes: Buffer, options: ReadOptions): Read {
  let decoded: Decoded = decode({ path: 'a.csv', bytes }, options);
  for (;;) {
    try {
      const frame = toFrame(collect(toFrame(decoded.read()).lazy()));
      const { frame: inner, columns } = resultOf(frame, {});
      const rows = rowsOf(inner, columns);
      return { type: columns[0]?.type ?? '', values: rows.map((row) => row[0] ?? null) };
    } catch (error) {
      decoded = decoded.recover(error);
    }
  }
}

function attempt(bytes: Buffer, options: ReadOptions): Read | NairobiError {
  try {
    return read(bytes, options);
  } catch (error) {
    if (error instanceof NairobiError) return error;
    throw error;
  }
}

/** The value as the file has it, where a column became text that could have been something else. */
function expectSame(early: Read, all: Read, raw: readonly string[]): void {
  if (early.type === all.type) expect(early.values).toEqual(all.values);
  else {
    expect(early.type).toBe('String');
    expect(early.values.map((value) => value ?? '')).toEqual(raw);
  }
}

describe('a value that comes after the sample', () => {
  it('changes the type as if it had been in it, or is an error', { timeout: 300_000 }, () => {
    const pair = fc.tuple(fc.constantFrom(...Object.keys(KINDS)), fc.constantFrom(...LATE));
    const check = fc.property(pair, ([kind, late]) => {
      const values = KINDS[kind] ?? [];
      const bytes = textOf(values, late);
      const all = attempt(bytes, { inferRows: 'all' });
      const early = attempt(bytes, { inferRows: 100 });
      if (early instanceof NairobiError) {
        expect(early.code).toBe('BAD_DATA');
        return;
      }
      if (all instanceof NairobiError) throw all;
      const raw = Array.from({ length: ROWS }, (_, row) => values[row % values.length] ?? '');
      raw[AT] = late;
      expectSame(early, all, raw);
    });
    fc.assert(check, { numRuns: full ? 1500 : 60, seed });
  });

  it('with --on-error null or skip is left out, and nothing else is', { timeout: 300_000 }, () => {
    const pair = fc.tuple(
      fc.constantFrom(...Object.keys(KINDS)),
      fc.constantFrom(...LATE),
      fc.constantFrom<OnError>('null', 'skip'),
    );
    const check = fc.property(pair, ([kind, late, onError]) => {
      const values = KINDS[kind] ?? [];
      const bytes = textOf(values, late);
      const early = attempt(bytes, { inferRows: 100, onError });
      const without = attempt(textOf(values, ''), { inferRows: 100 });
      const failed = attempt(bytes, { inferRows: 100 });
      if (early instanceof NairobiError || without instanceof NairobiError) throw early;
      if (!(failed instanceof NairobiError)) {
        expect(early).toEqual(failed);
        return;
      }
      expect(early.type).toBe(without.type);
      const nulled = without.values.map((value, row) => (row === AT ? null : value));
      expect(early.values).toEqual(
        onError === 'null' ? nulled : nulled.filter((_, row) => row !== AT),
      );
    });
    fc.assert(check, { numRuns: full ? 800 : 30, seed });
  });
});

describe('the kernel that looks for odd values', () => {
  const watch: Watch = {
    delimiter: ',',
    quote: '"',
    lineEnd: '\n',
    columns: Uint8Array.of(15, 15, 15),
  };

  it('was compiled from the sources beside it (else run node scripts/kernels.mjs)', async () => {
    const script: string = new URL('../../scripts/kernels.mjs', import.meta.url).href;
    const { sourceDigest } = (await import(script)) as { sourceDigest(kernel: string): string };
    expect(KERNEL_SOURCE).toBe(sourceDigest('values'));
  });

  it('finds at every place of a block what looking at each value finds', () => {
    const odd = fc.constantFrom(...LATE.filter((value) => value.length < 60 && value !== ''));
    const plain = fc.constantFrom(
      '',
      '1',
      '2.5',
      'x',
      '"a,b"',
      '"x\ny"',
      '""',
      '"007"',
      '0.1234567',
    );
    const field = fc.oneof(
      { arbitrary: plain, weight: 6 },
      { arbitrary: odd.map(quoted), weight: 1 },
    );
    const text = fc.array(fc.tuple(field, field, field), { maxLength: 40 });
    const dialect = { ...watch, header: false, comment: undefined, decimalComma: false } as const;
    const kinds = fc.constantFrom(...Object.values(ODD), 15);
    const check = fc.property(text, kinds, (rows, kind) => {
      const bytes = Buffer.from(rows.map((row) => `${row.join(',')}\n`).join(''));
      const asked = { ...watch, columns: Uint8Array.of(kind, kind, kind) };
      const slow = oddColumnsSlowly(bytes, { ...dialect, lineEnd: '\n' }, asked);
      const fast = oddColumns(bytesInMemory(bytes), 0, asked);
      // What is found for nothing costs a second look; what is missed would be a wrong number.
      for (const [column, bits] of slow.entries()) expect((fast[column] ?? 0) & bits).toBe(bits);
    });
    fc.assert(check, { numRuns: full ? 20_000 : 500, seed });
  });
});
