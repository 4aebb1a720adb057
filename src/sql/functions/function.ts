/** What a scalar function is: how its types resolve and what it becomes in Polars. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { CallExpression, Expression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import { columnsOf } from '../walk.ts';

export interface Resolution {
  /** What each argument must be converted to. */
  readonly args: readonly SqlType[];
  readonly type: SqlType;
}

export interface ScalarFunction {
  /** For messages: "substr(text, start [, length])". */
  readonly usage: string;
  /** Undefined when the arguments do not fit; a string says why in words. */
  readonly resolve: (
    types: readonly SqlType[],
    args: readonly Expression[],
  ) => Resolution | string | undefined;
  /** `args` are lowered already; the call gives their types and literal values. */
  readonly lower: (args: readonly Dsl[], call: CallExpression) => Dsl;
  /** Set where JavaScript computes the value, a row at a time: see row/extract.ts. */
  readonly byRow?: (call: CallExpression) => RowFunction | undefined;
}

/** What a row function may give; a list is one of texts. */
export type RowValue = string | bigint | number | boolean | readonly string[] | null;

export interface RowFunction {
  /** Of the arguments as text, all of them known unless `nulls`. Throws RowError. */
  readonly work: (args: readonly string[], known: readonly boolean[]) => RowValue;
  /** It wants rows with unknown arguments, too; those are empty texts. */
  readonly nulls?: boolean;
  /** Another value for every row: the same arguments mean nothing. */
  readonly volatile?: boolean;
}

/** A value that a row function cannot take, in words. */
export class RowError extends Error {}

export type FunctionTable = Readonly<Record<string, ScalarFunction>>;

/** The argument at `index`, which `resolve` made sure of. */
export function arg(args: readonly Dsl[], index: number): Dsl {
  const node = args[index];
  if (node === undefined) throw new RangeError(`missing argument ${index}`);
  return node;
}

/** The literal text or number of an argument, when it is one. */
export function literalOf(expression: Expression | undefined): unknown {
  return expression?.kind === 'literal' ? expression.value : undefined;
}

/** Takes `args`, of which as many at the end as `optional` may be left out. */
export function resolveFixed(
  args: readonly SqlType[],
  type: SqlType,
  optional: number,
): ScalarFunction['resolve'] {
  return (types) =>
    types.length > args.length || types.length < args.length - optional
      ? undefined
      : { args: args.slice(0, types.length), type };
}

/** A function of fixed argument types. */
export function fixed(
  usage: string,
  args: readonly SqlType[],
  type: SqlType,
  lower: (...args: Dsl[]) => Dsl,
  optional = 0,
): ScalarFunction {
  return {
    usage,
    resolve: resolveFixed(args, type, optional),
    lower: (nodes) => lower(...nodes),
  };
}

/**
 * A constant is not repeated for each text of a column it is searched for: Polars answers NULL when
 * it is split, and one value where the column has none (measured).
 */
export const repeatedFor = (column: Dsl, constant: Dsl): Dsl =>
  d.ternary(d.isNotNull(column), constant, d.nullOf('String'));

/** The first argument of two texts, to be searched for the second. */
export function searched(args: readonly Dsl[], { args: [text, pattern] }: CallExpression): Dsl {
  const isConstant = (one: Expression | undefined): boolean =>
    one !== undefined && columnsOf(one).size === 0;
  return isConstant(text) && !isConstant(pattern)
    ? repeatedFor(arg(args, 1), arg(args, 0))
    : arg(args, 0);
}
