/** Calls of scalar functions: found, given the types they want, or refused with a suggestion. */
import { aggregateNames } from '../functions/aggregates.ts';
import { canonicalName, scalarFunction, scalarNames } from '../functions/scalar.ts';
import type { Expression } from '../ir.ts';
import { suggestion } from '../names.ts';
import { rare } from '../rare.ts';
import { wholeDays } from '../temporal.ts';
import { CALENDAR, DATE, describeType } from '../types.ts';
import { adaptLiterals, convert, withMonths } from './coerce.ts';
import type { Context } from './context.ts';
import { foldCall } from './fold.ts';

/** Where a text constant takes the type of what it stands beside, as PostgreSQL's unknown does. */
const ADAPTS = new Set([
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'is distinct from',
  'is not distinct from',
  'coalesce',
  'nullif',
  'greatest',
  'least',
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  'array',
]);

const COMPARES = new Set(['=', '<>', '<', '<=', '>', '>=']);

/** A day against a constant midnight is a day against a day: scans can then skip by statistics. */
function daysWithDays(name: string, args: readonly Expression[]): readonly Expression[] {
  if (!COMPARES.has(name) || !args.some((arg) => arg.type.kind === 'date')) return args;
  return args.map((arg) => {
    const isMoment =
      arg.kind === 'literal' && arg.type.kind === 'timestamp' && arg.type.unit === 'us';
    if (!isMoment || typeof arg.value !== 'bigint') return arg;
    const zoned = arg.type.kind === 'timestamp' && arg.type.zone !== undefined;
    const days = zoned ? undefined : wholeDays(arg.value);
    return days === undefined ? arg : { ...arg, value: days, type: DATE };
  });
}

export function makeCall(
  context: Context,
  name: string,
  given: readonly Expression[],
  position: number,
): Expression {
  const fn = scalarFunction(name);
  if (fn === undefined) {
    // It may be among the rare ones: then this is bound again.
    rare();
    const known = [...scalarNames(), ...aggregateNames()];
    throw context.source.error(
      'BAD_SQL',
      `There is no function ${name}()`,
      position,
      suggestion(name, known),
    );
  }
  const canonical = canonicalName(name);
  const adapted = ADAPTS.has(canonical) ? adaptLiterals(context, given) : [...given];
  const moves = adapted.some(({ type }) => type.kind === 'date' || type.kind === 'timestamp');
  const args = daysWithDays(canonical, adapted).map((each) =>
    !moves && withMonths(each) ? convert(context, each, CALENDAR) : each,
  );
  if (
    args.some(({ type }) => type.kind === 'calendar' || (type.kind === 'time' && args.length === 2))
  ) {
    const operation = rare().calendarOperation(context, canonical, args, position);
    if (operation !== undefined) return operation;
  }
  const resolved = fn.resolve(
    args.map((each) => each.type),
    args,
  );
  if (resolved === undefined || typeof resolved === 'string') {
    const types = args.map((each) => describeType(each.type)).join(', ');
    const why = typeof resolved === 'string' ? `: ${resolved}` : '';
    const message = /^[a-z_0-9]+$/.test(name)
      ? `${name}(${types}) does not exist${why}`
      : `Cannot apply ${name.toUpperCase()} to ${types || 'nothing'}${why}`;
    throw context.bad(message, position, `usage: ${fn.usage}; convert with CAST(value AS type)`);
  }
  const converted = args.map((each, index) => {
    const type = resolved.args[index];
    return type === undefined ? each : convert(context, each, type);
  });
  return foldCall({
    kind: 'call',
    name: canonical,
    args: converted,
    type: resolved.type,
    position,
  });
}
