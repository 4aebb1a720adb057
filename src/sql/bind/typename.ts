/** Type names of PostgreSQL and DuckDB. */
import type { Node, TypeName } from 'libpg-query';
import { suggestion } from '../names.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import type { Context } from './context.ts';

const unsigned = (bits: 8 | 16 | 32 | 64 | 128): SqlType => ({
  kind: 'integer',
  bits,
  signed: false,
});
const signed = (bits: 8 | 16 | 32 | 64 | 128): SqlType => ({ kind: 'integer', bits, signed: true });

const NAMES: Readonly<Record<string, SqlType>> = {
  bool: t.BOOLEAN,
  boolean: t.BOOLEAN,
  logical: t.BOOLEAN,
  tinyint: signed(8),
  int1: signed(8),
  int2: signed(16),
  smallint: signed(16),
  short: signed(16),
  int4: t.INT32,
  int: t.INT32,
  integer: t.INT32,
  int8: t.INT64,
  bigint: t.INT64,
  long: t.INT64,
  hugeint: t.INT128,
  int128: t.INT128,
  utinyint: unsigned(8),
  uint8: unsigned(8),
  usmallint: unsigned(16),
  uint16: unsigned(16),
  uinteger: unsigned(32),
  uint32: unsigned(32),
  ubigint: unsigned(64),
  uint64: unsigned(64),
  float4: t.FLOAT32,
  real: t.FLOAT32,
  float: t.FLOAT32,
  float8: t.FLOAT64,
  double: t.FLOAT64,
  text: t.TEXT,
  varchar: t.TEXT,
  string: t.TEXT,
  bpchar: t.TEXT,
  char: t.TEXT,
  name: t.TEXT,
  uuid: t.TEXT,
  bytea: t.BINARY,
  blob: t.BINARY,
  binary: t.BINARY,
  varbinary: t.BINARY,
  date: t.DATE,
  time: t.TIME,
  timestamp: t.TIMESTAMP,
  datetime: t.TIMESTAMP,
  timestamptz: t.timestampIn('UTC'),
  interval: t.INTERVAL,
  timestamp_s: { kind: 'timestamp', unit: 'ms', zone: undefined },
  timestamp_ms: { kind: 'timestamp', unit: 'ms', zone: undefined },
  timestamp_ns: { kind: 'timestamp', unit: 'ns', zone: undefined },
};

const stringOf = (node: Node | undefined): string =>
  node !== undefined && 'String' in node ? (node.String.sval ?? '') : '';

function modifier(node: Node | undefined): number | undefined {
  return node !== undefined && 'A_Const' in node ? (node.A_Const.ival?.ival ?? 0) : undefined;
}

/** The name PostgreSQL keeps for a type: what an unnamed cast's column is called. */
export const typeLabel = (name: TypeName | undefined): string => stringOf(name?.names?.at(-1));

export function bindType(context: Context, name: TypeName | undefined): SqlType {
  const label = typeLabel(name).toLowerCase();
  const modifiers = name?.typmods ?? [];
  let type: SqlType | undefined = Object.hasOwn(NAMES, label) ? NAMES[label] : undefined;
  if (label === 'numeric' || label === 'decimal' || label === 'dec') {
    const [precision, scale] = [modifier(modifiers[0]), modifier(modifiers[1])];
    if ((precision ?? 18) > t.MAX_PRECISION || (scale ?? 0) > (precision ?? 18)) {
      throw context.unsupported('decimals of more than 38 digits', name?.location);
    }
    // DuckDB's default; PostgreSQL's numeric without limits has no counterpart.
    type = precision === undefined ? t.decimal(18, 3) : t.decimal(precision, scale ?? 0);
  }
  if (label === 'float' && (modifier(modifiers[0]) ?? 0) > 24) type = t.FLOAT64;
  if (type === undefined) {
    throw context.source.error(
      'BAD_SQL',
      `There is no type "${label}"`,
      name?.location,
      suggestion(label, Object.keys(NAMES)),
    );
  }
  return (name?.arrayBounds ?? []).reduce<SqlType>((of) => ({ kind: 'list', of }), type);
}
