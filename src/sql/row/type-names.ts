/** The names of types, as DuckDB writes them. */
import * as d from '../../compute/dsl.ts';
import { arg, type FunctionTable, type ScalarFunction } from '../functions/function.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';

const BITS: Readonly<Record<number, string>> = {
  8: 'TINYINT',
  16: 'SMALLINT',
  32: 'INTEGER',
  64: 'BIGINT',
  128: 'HUGEINT',
};

const SIMPLE: Readonly<Partial<Record<SqlType['kind'], string>>> = {
  null: '"NULL"',
  text: 'VARCHAR',
  binary: 'BLOB',
  calendar: 'INTERVAL',
};

export function duckName(type: SqlType): string {
  switch (type.kind) {
    case 'integer':
      return `${type.signed ? '' : 'U'}${BITS[type.bits] ?? ''}`;
    case 'float':
      return type.bits === 32 ? 'FLOAT' : 'DOUBLE';
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'timestamp':
      if (type.zone !== undefined) return 'TIMESTAMP WITH TIME ZONE';
      return type.unit === 'us' ? 'TIMESTAMP' : `TIMESTAMP_${type.unit.toUpperCase()}`;
    case 'list':
      return `${duckName(type.of)}[]`;
    case 'struct':
      return `STRUCT(${type.fields.map((each) => `${each.name} ${duckName(each.type)}`).join(', ')})`;
    case 'map':
      return `MAP(${duckName(type.key)}, ${duckName(type.value)})`;
    default:
      return SIMPLE[type.kind] ?? type.kind.toUpperCase();
  }
}

/** A constant in as many rows as the argument has. */
const nameOf = (usage: string, of: (type: SqlType) => string): ScalarFunction => ({
  usage,
  resolve: ([a, more]) =>
    a === undefined || more !== undefined ? undefined : { args: [a], type: t.TEXT },
  lower: (args, call) => {
    const name = d.text(of(call.args[0]?.type ?? t.NULL));
    return d.ternary(d.isNull(arg(args, 0)), name, name);
  },
});

export const TYPE_NAMES: FunctionTable = {
  typeof: nameOf('typeof(value)', duckName),
  pg_typeof: nameOf('pg_typeof(value)', (type) => duckName(type).toLowerCase()),
};
