/** The clauses of a SELECT after WHERE, whose expressions are rewritten together. */
import type { Expression, Named, Plan, SortItem } from '../ir.ts';
import { fingerprint, mapChildren, some } from '../walk.ts';
import type { Context } from './context.ts';
import type { Target } from './star.ts';

export interface Pieces {
  targets: Target[];
  having: Expression | undefined;
  qualify: Expression | undefined;
  order: SortItem[];
  distinctOn: Expression[];
}

/** The same change made to every expression of the clauses after WHERE. */
export function mapPieces(pieces: Pieces, f: (expression: Expression) => Expression): Pieces {
  return {
    targets: pieces.targets.map((target) => ({ ...target, expression: f(target.expression) })),
    having: pieces.having && f(pieces.having),
    qualify: pieces.qualify && f(pieces.qualify),
    order: pieces.order.map((item) => ({ ...item, expression: f(item.expression) })),
    distinctOn: pieces.distinctOn.map(f),
  };
}

export const expressionsOf = (pieces: Pieces): Expression[] => [
  ...pieces.targets.map((target) => target.expression),
  ...(pieces.having === undefined ? [] : [pieces.having]),
  ...(pieces.qualify === undefined ? [] : [pieces.qualify]),
  ...pieces.order.map((item) => item.expression),
  ...pieces.distinctOn,
];

/** Inside expressions: `found` are columns of their own from here on. */
export function takeOut<T extends Expression>(
  context: Context,
  pieces: Pieces,
  isOne: (expression: Expression) => expression is T,
  typeOf: (expression: T) => Expression['type'] = (expression) => expression.type,
): { readonly found: readonly Named<T>[]; readonly pieces: Pieces } {
  const found = new Map<string, Named<T>>();
  if (!expressionsOf(pieces).some((each) => some(each, isOne))) return { found: [], pieces };
  const take = (expression: Expression): Expression => {
    if (!isOne(expression)) return mapChildren(expression, take);
    const print = fingerprint(expression);
    const named = found.get(print) ?? { id: context.newId(), expression };
    found.set(print, named);
    return {
      kind: 'column',
      id: named.id,
      name: 'name' in expression ? String(expression.name) : named.id,
      type: typeOf(expression),
      position: expression.position,
    };
  };
  const taken = mapPieces(pieces, take);
  return { found: [...found.values()], pieces: taken };
}

export interface Staged {
  readonly plan: Plan;
  readonly pieces: Pieces;
}
