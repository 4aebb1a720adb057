/** What a column is to the statistics: which kernel takes it and what its numbers mean. */
import type { TypeName } from '../relation.ts';

/** Numbers the kernel knows; the index is its code in kernels/stats/index.ts. */
export const NUMBER_CODES = [
  'f64',
  'f32',
  'i64',
  'i32',
  'i16',
  'i8',
  'u64',
  'u32',
  'u16',
  'u8',
  'bit',
] as const;
export type NumberCode = (typeof NUMBER_CODES)[number];

/** Nanoseconds in the unit a temporal column counts. */
export type TimeUnit = 1 | 1_000 | 1_000_000 | 86_400_000_000_000;

export type Kind =
  | { readonly is: 'float'; readonly code: 'f64' | 'f32' }
  | { readonly is: 'integer'; readonly code: Exclude<NumberCode, 'f64' | 'f32' | 'bit'> }
  | { readonly is: 'boolean'; readonly code: 'bit' }
  /** A point in time. */
  | { readonly is: 'time'; readonly code: 'i64' | 'i32'; readonly unitNs: TimeUnit }
  /** A length of time, or a time of day. */
  | {
      readonly is: 'span';
      readonly code: 'i64';
      readonly unitNs: TimeUnit;
      readonly ofDay: boolean;
    }
  | { readonly is: 'text' }
  /** Integers of 128 bits, to be divided by 10^scale. */
  | { readonly is: 'decimal'; readonly scale: number }
  /** Only counted: lists, structs, binary, all null. */
  | { readonly is: 'opaque' };

const INTEGERS: Readonly<Record<string, Exclude<NumberCode, 'f64' | 'f32' | 'bit'>>> = {
  Int8: 'i8',
  Int16: 'i16',
  Int32: 'i32',
  Int64: 'i64',
  UInt8: 'u8',
  UInt16: 'u16',
  UInt32: 'u32',
  UInt64: 'u64',
};

const UNITS: Readonly<Record<string, TimeUnit>> = { ns: 1, us: 1_000, μs: 1_000, ms: 1_000_000 };

export function kindOf(type: TypeName): Kind {
  const integer = INTEGERS[type];
  if (integer !== undefined) return { is: 'integer', code: integer };
  if (type === 'Float64') return { is: 'float', code: 'f64' };
  if (type === 'Float32') return { is: 'float', code: 'f32' };
  if (type === 'Boolean') return { is: 'boolean', code: 'bit' };
  if (type === 'Date') return { is: 'time', code: 'i32', unitNs: 86_400_000_000_000 };
  if (type === 'Time') return { is: 'span', code: 'i64', unitNs: 1, ofDay: true };
  const unit = UNITS[/^(?:Datetime|Duration)\((\w+)/.exec(type)?.[1] ?? ''];
  if (unit !== undefined) {
    return type.startsWith('Datetime')
      ? { is: 'time', code: 'i64', unitNs: unit }
      : { is: 'span', code: 'i64', unitNs: unit, ofDay: false };
  }
  if (['String', 'Utf8', 'Categorical', 'Enum'].includes(type)) return { is: 'text' };
  const decimal = /^Decimal\(\d+, (\d+)\)$/.exec(type);
  if (decimal !== null) return { is: 'decimal', scale: Number(decimal[1]) };
  if (type === 'Int128') return { is: 'decimal', scale: 0 };
  return { is: 'opaque' };
}
