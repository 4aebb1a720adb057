/** What a state of the kernel consists of. */
import { addTest, type Test } from './conditions.ts';
import type { GroupKernel, State } from './kernel.ts';

/** A column in one role: keys come first, then what is aggregated, then conditions. */
export type LeafPlan = { readonly name: string; readonly kind: number } & (
  | { readonly role: 'key' }
  | { readonly role: 'column'; readonly asked: number }
  | { readonly role: 'condition'; readonly test: Test }
);

export function newState(kernel: GroupKernel, leaves: readonly LeafPlan[]): State {
  const state = kernel.calls.newState(leaves.length);
  for (const [index, leaf] of leaves.entries()) {
    const { kind } = leaf;
    if (leaf.role === 'key') kernel.calls.key(state, kind);
    else if (leaf.role === 'column') kernel.calls.column(state, kind, leaf.asked);
    else addTest(kernel, state, { kind, leaf: index, test: leaf.test });
  }
  return state;
}
