/** Random tables for the fuzzer: every type, NULLs, and the values at which engines go wrong. */
import type { Oracle } from './oracle.ts';

/** Whole numbers below `bound`, the same for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** True once in `of` times. */
  once(of: number): boolean {
    return this.below(of) === 0;
  }
}

export type Kind = 'int' | 'dec' | 'dbl' | 'text' | 'bool' | 'date' | 'ts' | 'tstz';

export interface ColumnOf {
  readonly name: string;
  readonly kind: Kind;
}

export interface TableOf {
  readonly name: string;
  readonly columns: readonly ColumnOf[];
}

const EDGES: Readonly<Record<string, readonly string[]>> = {
  TINYINT: ['0', '-128', '127', '1', '7'],
  SMALLINT: ['0', '-32768', '32767', '-1'],
  INTEGER: ['0', '2147483647', '-2147483648', '1', '-1', '100'],
  BIGINT: ['0', '9223372036854775807', '-9223372036854775808', '9007199254740993', '-1', '5'],
  UTINYINT: ['0', '255', '3'],
  UBIGINT: ['0', '18446744073709551615', '9223372036854775808', '2'],
  'DECIMAL(9,2)': ['0', '-0.01', '9999999.99', '0.05', '1.50'],
  'DECIMAL(18,4)': ['0', '12345678901234.5678', '-0.0001', '2.5000'],
  'DECIMAL(38,10)': ['0', '1234567890123456789012345678.0123456789', '-1', '0.0000000001'],
  DOUBLE: [
    "'NaN'",
    "'Infinity'",
    "'-Infinity'",
    '-0.0',
    '0.0',
    '1e300',
    '-1.7e308',
    '0.1',
    '-2.5',
    '1e-300',
  ],
  REAL: ["'NaN'", "'-Infinity'", '0.0', '1.5', '-0.25', '16777216'],
  VARCHAR: ["''", "' '", "'a'", "'A'", "'Ä€😀'", "'%_'", "'NULL'", "'10'", "'x''y'", "'e\u0301'"],
  BOOLEAN: ['true', 'false'],
  DATE: ["'1970-01-01'", "'1969-12-31'", "'2024-02-29'", "'2000-12-31'", "'1900-03-01'"],
  TIMESTAMP: [
    "'1970-01-01 00:00:00'",
    "'1969-12-31 23:59:59.999999'",
    "'2024-02-29 12:34:56.789'",
    "'2024-12-30 00:00:00'",
    "'1582-10-15 00:00:00'",
  ],
  TIMESTAMPTZ: [
    "'2024-03-31 00:59:59.999999+00'",
    "'2024-10-27 00:30:00+00'",
    "'1970-01-01 00:00:00+05:30'",
    "'2021-07-01 22:00:00+00'",
  ],
};

const TYPES: readonly (readonly [Kind, readonly string[]])[] = [
  ['int', ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'UBIGINT']],
  ['dec', ['DECIMAL(9,2)', 'DECIMAL(18,4)', 'DECIMAL(38,10)']],
  ['dbl', ['DOUBLE', 'REAL']],
  ['text', ['VARCHAR']],
  ['bool', ['BOOLEAN']],
  ['date', ['DATE']],
  ['ts', ['TIMESTAMP']],
  ['tstz', ['TIMESTAMPTZ']],
];

/** A value of no edge. */
function ordinary(kind: Kind, chance: Chance): string {
  const day = `2024-${String(1 + chance.below(12)).padStart(2, '0')}-${String(1 + chance.below(28)).padStart(2, '0')}`;
  const time = `${String(chance.below(24)).padStart(2, '0')}:${String(chance.below(60)).padStart(2, '0')}:07`;
  switch (kind) {
    case 'int':
      return String(chance.below(12));
    case 'dec':
      return `${chance.below(40) - 20}.${chance.below(100)}`;
    case 'dbl':
      return String((chance.below(400) - 200) / 8);
    case 'text':
      return `'${chance.pick(['red', 'green', 'Blue', 'item 1', 'item 22', 'abc', 'b', 'zebra'])}'`;
    case 'bool':
      return chance.pick(['true', 'false']);
    case 'date':
      return `'${day}'`;
    case 'ts':
      return `'${day} ${time}'`;
    case 'tstz':
      return `'${day} ${time}+00'`;
  }
}

/** Makes a table of `id` and columns c0, c1, ... and tells what they are. */
export async function randomTable(
  oracle: Oracle,
  name: string,
  chance: Chance,
  rows: number,
): Promise<TableOf> {
  const extra = Array.from({ length: 4 }, () => chance.pick(TYPES));
  const columns = [...TYPES, ...extra].map(([kind, types], at) => {
    return { name: `c${at}`, kind, type: chance.pick(types), rarity: chance.pick([2, 5, 20]) };
  });
  const value = ({ kind, type, rarity }: (typeof columns)[number]): string => {
    if (chance.once(6)) return `NULL::${type}`;
    const text = chance.once(rarity) ? chance.pick(EDGES[type] ?? []) : ordinary(kind, chance);
    return `CAST(${text} AS ${type})`;
  };
  const lines = Array.from(
    { length: rows },
    (_, id) => `(${[`${id}::INTEGER`, ...columns.map(value)].join(', ')})`,
  );
  const names = ['id', ...columns.map((column) => column.name)];
  await oracle.table(name, `SELECT * FROM (VALUES ${lines.join(', ')}) v(${names.join(', ')})`);
  return { name, columns: [{ name: 'id', kind: 'int' }, ...columns] };
}
