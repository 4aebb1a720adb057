/** Constants in the form they are computed in. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { NairobiError } from '../../errors.ts';
import type { Interval, LiteralExpression } from '../ir.ts';
import { dtypeOf } from '../types.ts';

const MICROS_PER_DAY = 86_400_000_000n;
const UNITS = { ms: 'Milliseconds', us: 'Microseconds', ns: 'Nanoseconds' } as const;

function intervalMicros(value: Interval): bigint {
  if (value.months !== 0) {
    throw new NairobiError(
      'NOT_SUPPORTED',
      'Not supported: an interval of months as a value of its own',
      {
        hint: 'add it to a date or a timestamp; only days and shorter have a fixed length',
      },
    );
  }
  return BigInt(value.days) * MICROS_PER_DAY + value.micros;
}

export function lowerLiteral({ value, type }: LiteralExpression): Dsl {
  if (value === null) return d.nullOf(dtypeOf(type));
  switch (type.kind) {
    case 'boolean':
      return d.bool(value as boolean);
    case 'integer':
      return d.scalar(`${type.signed ? '' : 'U'}Int${type.bits}`, value);
    case 'decimal':
      return d.int128(value as bigint);
    case 'float':
      return type.bits === 64
        ? d.float64(value as number)
        : d.cast(d.float64(value as number), 'Float32');
    case 'date':
      return d.scalar('Date', value);
    case 'time':
      return d.scalar('Time', value);
    case 'timestamp': {
      const zone = type.zone === undefined ? null : { inner: type.zone };
      return d.scalar('Datetime', [value, UNITS[type.unit], zone]);
    }
    case 'calendar': {
      const { months, days, micros } = value as Interval;
      return d.struct([
        ['months', d.int64(months)],
        ['days', d.int64(days)],
        ['micros', d.int64(micros)],
      ]);
    }
    case 'interval':
      return d.scalar('Duration', [intervalMicros(value as Interval), 'Microseconds']);
    default:
      return d.text(String(value));
  }
}
