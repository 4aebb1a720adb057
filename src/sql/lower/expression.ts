/** Bound expressions to Polars expressions. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { assert } from '../../errors.ts';
import { scalarFunction } from '../functions/scalar.ts';
import type { CaseExpression, ColumnExpression, Expression, SubqueryExpression } from '../ir.ts';
import { dtypeOf } from '../types.ts';
import { lowerCast } from './cast.ts';
import { lowerLiteral } from './literal.ts';

export interface Lowering {
  /** How a column is read: by its id, or by its name inside a scan. */
  readonly column: (column: ColumnExpression) => Dsl;
  /** Runs a subquery that stands for a constant. */
  readonly constant: (subquery: SubqueryExpression) => Dsl;
  /** What is lowered already. */
  readonly known?: ReadonlyMap<Expression, Dsl>;
}

/** The engine's form nests to 128 levels at most; each branch of a chain takes two. */
const CHAINED_BRANCHES = 24;

/**
 * A short CASE is a chain of ternaries. A long one takes the first branch that holds from a flat
 * list, each value in a struct of its own, so that a NULL value is not mistaken for no branch.
 */
function lowerCase(expression: CaseExpression, lower: (inner: Expression) => Dsl): Dsl {
  const { branches, otherwise } = expression;
  if (branches.length <= CHAINED_BRANCHES) {
    return branches.reduceRight(
      (rest, { when, result }) => d.ternary(lower(when), lower(result), rest),
      lower(otherwise),
    );
  }
  const dtype = dtypeOf(expression.type);
  const boxed = (value: Expression): Dsl =>
    d.call('AsStruct', d.alias(d.cast(lower(value), dtype), 'value'));
  const none = d.nullOf('Null');
  const options = branches.map(({ when, result }) => d.ternary(lower(when), boxed(result), none));
  const first = d.coalesce(...options, boxed(otherwise));
  return d.call({ StructExpr: { FieldByName: 'value' } }, first);
}

export function lowerExpression(expression: Expression, lowering: Lowering): Dsl {
  const known = lowering.known?.get(expression);
  if (known !== undefined) return known;
  const lower = (inner: Expression): Dsl => lowerExpression(inner, lowering);
  switch (expression.kind) {
    case 'column':
      return lowering.column(expression);
    case 'literal':
      return lowerLiteral(expression);
    case 'call': {
      const fn = scalarFunction(expression.name);
      assert(fn !== undefined, `the binder knows ${expression.name}`);
      // A function that moves a timestamp reads a constant interval itself: months have no length.
      const moves = expression.type.kind === 'timestamp' || expression.type.kind === 'date';
      const args = expression.args.map((arg) =>
        moves && arg.kind === 'literal' && arg.type.kind === 'interval'
          ? d.nullOf('Null')
          : lower(arg),
      );
      return fn.lower(args, expression);
    }
    case 'cast':
      return lowerCast(
        lower(expression.input),
        expression.input.type,
        expression.type,
        expression.lenient,
      );
    case 'case':
      return lowerCase(expression, lower);
    case 'subquery':
      return lowering.constant(expression);
    default:
      assert(false, `${expression.kind} is taken out of expressions before they are lowered`);
  }
}
