/** ASOF JOIN: equal keys, and one inequality that picks the nearest row. */
import { outputOf } from '../columns.ts';
import type { Expression, Plan } from '../ir.ts';
import { keyOf } from '../join.ts';
import { columnsOf } from '../walk.ts';
import type { Context } from './context.ts';

const FLIPPED: Readonly<Record<string, string>> = { '>=': '<=', '>': '<', '<=': '>=', '<': '>' };

export function asofJoin(
  context: Context,
  left: Plan,
  right: Plan,
  predicates: readonly Expression[],
  outer: boolean,
): Plan {
  const [ofLeft, ofRight] = [new Set(outputOf(left)), new Set(outputOf(right))];
  const by = predicates.flatMap((predicate) => keyOf(predicate, ofLeft, ofRight) ?? []);
  const rest = predicates.filter((predicate) => keyOf(predicate, ofLeft, ofRight) === undefined);
  const [only, more] = rest;
  if (only?.kind !== 'call' || more !== undefined || FLIPPED[only.name] === undefined) {
    throw context.bad(
      'ASOF JOIN wants equalities and exactly one of >=, >, <=, <',
      only?.position,
      'for example ON a.k = b.k AND a.ts >= b.ts',
    );
  }
  const [a, b] = only.args as [Expression, Expression];
  const straight = [...columnsOf(a)].every((id) => ofLeft.has(id));
  const operator = straight ? only.name : (FLIPPED[only.name] ?? only.name);
  return {
    kind: 'asof',
    left,
    right,
    by,
    leftOn: straight ? a : b,
    rightOn: straight ? b : a,
    direction: operator.startsWith('>') ? 'backward' : 'forward',
    strict: !operator.endsWith('='),
    outer,
  };
}
