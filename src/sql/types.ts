/** SQL's types as the binder sees them, and their two other spellings: Polars' and PostgreSQL's. */
import type { Dtype } from '../compute/dsl.ts';
import type { TypeName } from '../compute/relation.ts';

export type TimeUnit = 'ms' | 'us' | 'ns';

export type SqlType =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64 | 128; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  /** Computed as a scaled 128-bit integer; see lower/decimal.ts. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'binary' }
  | { readonly kind: 'date' }
  | { readonly kind: 'time' }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly zone: string | undefined }
  | { readonly kind: 'interval' }
  | { readonly kind: 'list'; readonly of: SqlType }
  /** Months, days and microseconds apart: what age() gives; a struct in the engine. */
  | { readonly kind: 'calendar' }
  | { readonly kind: 'struct'; readonly fields: readonly StructField[] }
  /** A list of structs of a key and a value. */
  | { readonly kind: 'map'; readonly key: SqlType; readonly value: SqlType }
  | { readonly kind: 'other'; readonly name: TypeName };

export interface StructField {
  readonly name: string;
  readonly type: SqlType;
}

export type Kind = SqlType['kind'];

export const NULL: SqlType = { kind: 'null' };
export const BOOLEAN: SqlType = { kind: 'boolean' };
export const INT32: SqlType = { kind: 'integer', bits: 32, signed: true };
export const INT64: SqlType = { kind: 'integer', bits: 64, signed: true };
export const INT128: SqlType = { kind: 'integer', bits: 128, signed: true };
export const FLOAT32: SqlType = { kind: 'float', bits: 32 };
export const FLOAT64: SqlType = { kind: 'float', bits: 64 };
export const TEXT: SqlType = { kind: 'text' };
export const BINARY: SqlType = { kind: 'binary' };
export const DATE: SqlType = { kind: 'date' };
export const TIME: SqlType = { kind: 'time' };
export const TIMESTAMP: SqlType = { kind: 'timestamp', unit: 'us', zone: undefined };
export const INTERVAL: SqlType = { kind: 'interval' };
export const CALENDAR: SqlType = { kind: 'calendar' };
export const MAX_PRECISION = 38;

export const decimal = (precision: number, scale: number): SqlType => ({
  kind: 'decimal',
  precision: Math.min(precision, MAX_PRECISION),
  scale,
});
export const listOf = (of: SqlType): SqlType => ({ kind: 'list', of });
export const entryOf = (map: { readonly key: SqlType; readonly value: SqlType }): SqlType => ({
  kind: 'struct',
  fields: [
    { name: 'key', type: map.key },
    { name: 'value', type: map.value },
  ],
});
export const timestampIn = (zone: string): SqlType => ({ kind: 'timestamp', unit: 'us', zone });

const UNITS: Readonly<Record<TimeUnit, string>> = {
  ms: 'Milliseconds',
  us: 'Microseconds',
  ns: 'Nanoseconds',
};

/** Reads a relation's type name, as src/compute/relation.ts lists them. */
export function parseTypeName(name: TypeName): SqlType {
  const integer = /^(U?)Int(8|16|32|64|128)$/.exec(name);
  if (integer !== null) {
    return { kind: 'integer', bits: Number(integer[2]) as 64, signed: integer[1] === '' };
  }
  const decimalName = /^Decimal\((\d+), *(\d+)\)$/.exec(name);
  if (decimalName !== null) return decimal(Number(decimalName[1]), Number(decimalName[2]));
  const datetime = /^Datetime\((ms|us|ns)(?:, *(.+))?\)$/.exec(name);
  if (datetime !== null) {
    return { kind: 'timestamp', unit: datetime[1] as TimeUnit, zone: datetime[2] };
  }
  const list = /^List\((.+)\)$/.exec(name);
  if (list !== null) return { kind: 'list', of: parseTypeName(list[1] ?? '') };
  const simple: Readonly<Record<string, SqlType>> = {
    Float32: FLOAT32,
    Float64: FLOAT64,
    String: TEXT,
    Utf8: TEXT,
    Categorical: TEXT,
    Enum: TEXT,
    Boolean: BOOLEAN,
    Bool: BOOLEAN,
    Date: DATE,
    Time: TIME,
    Binary: BINARY,
    Null: NULL,
    Datetime: TIMESTAMP,
    'Duration(ms)': INTERVAL,
    'Duration(us)': INTERVAL,
    'Duration(ns)': INTERVAL,
  };
  return simple[name] ?? { kind: 'other', name };
}

/** The relation type name of `type`: what a result column declares. */
export function typeName(type: SqlType): TypeName {
  switch (type.kind) {
    case 'null':
      return 'Null';
    case 'boolean':
      return 'Boolean';
    case 'integer':
      return `${type.signed ? '' : 'U'}Int${type.bits}`;
    case 'float':
      return `Float${type.bits}`;
    case 'decimal':
      return `Decimal(${type.precision}, ${type.scale})`;
    case 'text':
      return 'String';
    case 'binary':
      return 'Binary';
    case 'date':
      return 'Date';
    case 'time':
      return 'Time';
    case 'timestamp':
      return `Datetime(${type.unit}${type.zone === undefined ? '' : `, ${type.zone}`})`;
    case 'interval':
      return 'Duration(us)';
    case 'list':
      return `List(${typeName(type.of)})`;
    case 'calendar':
      return 'Interval';
    case 'struct':
      return `Struct(${type.fields.map((each) => `${each.name} ${typeName(each.type)}`).join(', ')})`;
    case 'map':
      return `List(${typeName(entryOf(type))})`;
    case 'other':
      return type.name;
  }
}

const CALENDAR_PARTS: SqlType = {
  kind: 'struct',
  fields: [
    { name: 'months', type: INT64 },
    { name: 'days', type: INT64 },
    { name: 'micros', type: INT64 },
  ],
};

/** The Polars type a value of `type` has while it is computed with. */
export function dtypeOf(type: SqlType): Dtype {
  switch (type.kind) {
    case 'decimal':
      return 'Int128';
    case 'timestamp':
      return {
        Datetime: [UNITS[type.unit], type.zone === undefined ? null : { inner: type.zone }],
      };
    case 'interval':
      return { Duration: 'Microseconds' };
    case 'list':
      return { List: dtypeOf(type.of) };
    case 'calendar':
      return dtypeOf(CALENDAR_PARTS);
    case 'struct':
      return {
        Struct: type.fields.map((each) => ({ name: each.name, dtype: dtypeOf(each.type) })),
      };
    case 'map':
      return { List: dtypeOf(entryOf(type)) };
    case 'other':
      return 'Null';
    default:
      return typeName(type);
  }
}

/** The type as PostgreSQL's users say it, for messages. */
export function describeType(type: SqlType): string {
  switch (type.kind) {
    case 'integer':
      return `${type.signed ? 'int' : 'uint'}${type.bits}`;
    case 'float':
      return type.bits === 32 ? 'real' : 'double';
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'timestamp':
      return type.zone === undefined ? 'timestamp' : 'timestamptz';
    case 'list':
      return `${describeType(type.of)}[]`;
    case 'calendar':
      return 'interval';
    case 'struct':
      return `struct(${type.fields.map((each) => `${each.name} ${describeType(each.type)}`).join(', ')})`;
    case 'map':
      return `map(${describeType(type.key)}, ${describeType(type.value)})`;
    case 'other':
      return type.name.toLowerCase();
    default:
      return type.kind;
  }
}

export const isNumeric = (type: SqlType): boolean =>
  type.kind === 'integer' || type.kind === 'float' || type.kind === 'decimal';

/** Decimal digits every value of an integer type fits in. */
export function integerDigits(type: { readonly bits: number }): number {
  return { 8: 3, 16: 5, 32: 10, 64: 20, 128: 38 }[type.bits] ?? MAX_PRECISION;
}

export const sameType = (a: SqlType, b: SqlType): boolean => typeName(a) === typeName(b);

function commonInteger(
  a: Extract<SqlType, { kind: 'integer' }>,
  b: Extract<SqlType, { kind: 'integer' }>,
): SqlType {
  if (a.signed === b.signed) return a.bits >= b.bits ? a : b;
  const [signed, unsigned] = a.signed ? [a, b] : [b, a];
  const bits = Math.min(128, Math.max(signed.bits, unsigned.bits * 2));
  return { kind: 'integer', bits: bits as 64, signed: true };
}

/** The type both can become without loss that matters, or undefined: UNION, CASE, comparisons. */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'null') return b;
  if (b.kind === 'null' || sameType(a, b)) return a;
  if (a.kind === 'integer' && b.kind === 'integer') return commonInteger(a, b);
  if (isNumeric(a) && isNumeric(b)) {
    if (a.kind === 'float' || b.kind === 'float') return FLOAT64;
    const [p, s] = decimalShape(a);
    const [q, t] = decimalShape(b);
    const scale = Math.max(s, t);
    return decimal(Math.max(p - s, q - t) + scale, scale);
  }
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return commonTimestamp(a, b);
  if (a.kind === 'interval' && b.kind === 'calendar') return b;
  if (a.kind === 'calendar' && b.kind === 'interval') return a;
  if (a.kind === 'date' && b.kind === 'timestamp') return b;
  if (a.kind === 'timestamp' && b.kind === 'date') return a;
  if (a.kind === 'list' && b.kind === 'list') {
    const of = commonType(a.of, b.of);
    return of === undefined ? undefined : { kind: 'list', of };
  }
  return undefined;
}

function commonTimestamp(
  a: Extract<SqlType, { kind: 'timestamp' }>,
  b: Extract<SqlType, { kind: 'timestamp' }>,
): SqlType {
  const finer = { ms: 0, us: 1, ns: 2 };
  return {
    kind: 'timestamp',
    unit: finer[a.unit] >= finer[b.unit] ? a.unit : b.unit,
    zone: a.zone ?? b.zone,
  };
}

/** [precision, scale] of a decimal, or of an integer seen as one. */
export function decimalShape(type: SqlType): readonly [number, number] {
  if (type.kind === 'decimal') return [type.precision, type.scale];
  return type.kind === 'integer' ? [integerDigits(type), 0] : [MAX_PRECISION, 0];
}

const ACCUMULATED = new Set<SqlType['kind']>([
  ...(['boolean', 'integer', 'float', 'decimal'] as const),
  ...(['date', 'time', 'timestamp', 'interval'] as const),
]);

/** Whether Polars tells the least and the greatest of all rows so far: of texts it does not. */
export const accumulates = ({ kind }: SqlType): boolean => ACCUMULATED.has(kind);
