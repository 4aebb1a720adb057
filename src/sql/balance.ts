/** Chains of one associative operator: taken apart, and put together as balanced trees. */
import type { Expression } from './ir.ts';

/** The operands of a chain of `name`, in order. */
export function flattened(expression: Expression, name: string): Expression[] {
  const operands: Expression[] = [];
  const open = [expression];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.kind === 'call' && at.name === name) open.push(...at.args.toReversed());
    else operands.push(at);
  }
  return operands;
}

/** Joined as a balanced tree: a chain of hundreds would nest too deep for the engine. */
export function pairwise(
  items: readonly Expression[],
  join: (a: Expression, b: Expression) => Expression,
): Expression {
  if (items.length === 1) return items[0] as Expression;
  const middle = items.length >> 1;
  return join(pairwise(items.slice(0, middle), join), pairwise(items.slice(middle), join));
}
