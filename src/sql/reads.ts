/** What a plan reads, and which columns of it. */
import type { Relation } from '../compute/relation.ts';
import type { Plan } from './ir.ts';
import { mapPlans, sharedIn } from './optimize/inline.ts';

export interface Read {
  readonly relation: Relation;
  readonly columns: readonly string[];
  /** True when only some rows can be wanted. */
  readonly filtered: boolean;
}

export function readsOf(plan: Plan): Read[] {
  const reads: Read[] = [];
  const add = (each: Plan): Plan => {
    if (each.kind === 'scan') {
      reads.push({
        relation: each.relation,
        columns: each.columns.map((column) => column.name),
        filtered: each.predicate !== undefined,
      });
    }
    return each;
  };
  mapPlans(plan, add);
  for (const definition of sharedIn(plan).values()) mapPlans(definition.plan, add);
  return reads;
}
