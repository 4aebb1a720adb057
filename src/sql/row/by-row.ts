/** How a row function is written down, and what its arguments say as text. */
import {
  literalOf,
  type RowFunction,
  type RowValue,
  resolveFixed,
  type ScalarFunction,
} from '../functions/function.ts';
import type { CallExpression } from '../ir.ts';
import type { SqlType } from '../types.ts';

interface RowOptions extends Pick<RowFunction, 'nulls' | 'volatile'> {
  /** Arguments at the end that may be left out. */
  readonly optional?: number;
}

type Work = (args: readonly string[], known: readonly boolean[]) => RowValue;

/** A function of fixed argument types; `workOf` may look at the call's constants first. */
export function byRow(
  usage: string,
  args: readonly SqlType[],
  type: SqlType,
  workOf: Work | { readonly of: (call: CallExpression) => Work },
  { optional = 0, ...rest }: RowOptions = {},
): ScalarFunction {
  return {
    usage,
    resolve: resolveFixed(args, type, optional),
    lower: neverLowered,
    byRow: (call) => ({
      ...rest,
      work: typeof workOf === 'function' ? workOf : workOf.of(call),
    }),
  };
}

export const neverLowered = (): never => {
  throw new RangeError('row functions are taken out before expressions are lowered');
};

/** The constant text of an argument; undefined when it is none. */
export function constantText(call: CallExpression, index: number): string | undefined {
  const value = literalOf(call.args[index]);
  return typeof value === 'string' ? value : undefined;
}

/** A double as the engine writes it. */
export function numberOf(text: string | undefined): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
