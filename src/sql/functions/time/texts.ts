/** Times as texts of a format, and back. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { CallExpression } from '../../ir.ts';
import * as t from '../../types.ts';
import { arg, literalOf, type ScalarFunction } from '../function.ts';

export const format: ScalarFunction = {
  usage: "strftime(timestamp, '%Y-%m-%d')",
  resolve: ([a, b], args) => {
    if (a === undefined || b === undefined) return undefined;
    // strftime('%Y', date) is written by many, too.
    if (typeof literalOf(args[0]) === 'string' && b.kind !== 'text')
      return ['date', 'timestamp', 'time'].includes(b.kind)
        ? { args: [t.TEXT, b], type: t.TEXT }
        : undefined;
    if (typeof literalOf(args[1]) !== 'string') return 'the format must be a constant';
    return a.kind === 'date' || a.kind === 'timestamp' || a.kind === 'time'
      ? { args: [a, t.TEXT], type: t.TEXT }
      : undefined;
  },
  lower: (args, call: CallExpression) =>
    call.args[0]?.type.kind === 'text'
      ? d.timeCall({ ToString: chronoFormat(String(literalOf(call.args[0]))) }, arg(args, 1))
      : d.timeCall({ ToString: chronoFormat(String(literalOf(call.args[1]))) }, arg(args, 0)),
};

/** %f is microseconds in SQL, %g milliseconds, %n nanoseconds; in chrono %f is nanoseconds. */
const chronoFormat = (format: string): string =>
  format.replace(
    /%(.)/g,
    (whole, letter: string) => ({ f: '%6f', g: '%3f', n: '%9f' })[letter] ?? whole,
  );

export const parseTime = (usage: string, strict: boolean): ScalarFunction => ({
  usage,
  resolve: (types, args) => {
    if (types.length !== 2) return undefined;
    if (typeof literalOf(args[1]) !== 'string') return 'the format must be a constant';
    return { args: [t.TEXT, t.TEXT], type: t.TIMESTAMP };
  },
  lower: (args, call) =>
    strptime(arg(args, 0), String(literalOf(call.args[1])), 'timestamp', strict),
});

/** Text by a chrono format; what does not match fails or, when not strict, is null. */
export function strptime(
  node: Dsl,
  pattern: string,
  to: 'date' | 'timestamp' | 'time',
  strict: boolean,
): Dsl {
  const hasTime = /%[HIMSTXRsfgncr+]/.test(pattern);
  const through = to === 'time' ? t.TIME : hasTime ? t.TIMESTAMP : t.DATE;
  const parsed = d.stringCall(
    {
      Strptime: [
        { Literal: t.dtypeOf(through) },
        {
          format: pattern.replace(/%[fgn]/g, '%f').replace('.%f', '%.f'),
          strict,
          exact: true,
          cache: true,
        },
      ],
    },
    node,
    d.text('raise'),
  );
  const wanted = to === 'date' ? t.DATE : to === 'time' ? t.TIME : t.TIMESTAMP;
  return through === wanted ? parsed : d.cast(parsed, t.dtypeOf(wanted));
}
