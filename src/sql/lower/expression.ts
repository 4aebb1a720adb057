/** Bound expressions to Polars expressions. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { assert } from '../../errors.ts';
import { scalarFunction } from '../functions/scalar.ts';
import type { ColumnExpression, Expression, SubqueryExpression } from '../ir.ts';
import { lowerCast } from './cast.ts';
import { lowerLiteral } from './literal.ts';

export interface Lowering {
  /** How a column is read: by its id, or by its name inside a scan. */
  readonly column: (column: ColumnExpression) => Dsl;
  /** Runs a subquery that stands for a constant. */
  readonly constant: (subquery: SubqueryExpression) => Dsl;
}

export function lowerExpression(expression: Expression, lowering: Lowering): Dsl {
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
      const moves = expression.type.kind === 'timestamp';
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
      return expression.branches.reduceRight(
        (otherwise, { when, result }) => d.ternary(lower(when), lower(result), otherwise),
        lower(expression.otherwise),
      );
    case 'subquery':
      return lowering.constant(expression);
    default:
      assert(false, `${expression.kind} is taken out of expressions before they are lowered`);
  }
}
