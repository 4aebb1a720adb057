/** All that is loaded only for the queries that use it. */

import type { LazyFrame } from '../../compute/polars.ts';
import { LIST_ALIASES, LISTS } from '../functions/lists.ts';
import { STRUCTS } from '../functions/structs.ts';
import type { Plan } from '../ir.ts';
import type { Lowerer } from '../lower/plan.ts';
import type { Token } from '../tokens.ts';
import { bracketEdits } from './brackets.ts';
import { aligned, unmarked } from './by-name.ts';
import { arraySubquery, compareAll } from './compare.ts';
import { lateral, quantified, scalarByDomain } from './lateral.ts';
import { castNested, toText } from './nested.ts';
import { pivot } from './pivot.ts';
import { bindRecursive, lowerRecursive, lowerWorking } from './recursive.ts';
import { lowerSample, withTies } from './sample.ts';
import { elementType, indirection, special, structOf } from './special.ts';
import { statementEdits } from './statements.ts';
import { positional, sample, tableFunction } from './tables.ts';
import { lowerUnnest } from './unnest.ts';

type RarePlan = Extract<Plan, { kind: 'unnest' | 'recursive' | 'working' | 'sample' }>;

function frame(lowerer: Lowerer, plan: RarePlan): LazyFrame {
  switch (plan.kind) {
    case 'unnest':
      return lowerUnnest(lowerer, plan);
    case 'recursive':
      return lowerRecursive(lowerer, plan);
    case 'working':
      return lowerWorking(lowerer, plan);
    case 'sample':
      return lowerSample(lowerer, plan);
  }
}

export const RARE = {
  scalars: { ...LISTS, ...STRUCTS },
  scalarAliases: { ...LIST_ALIASES },
  aggregates: {},
  aggregateAliases: {},
  edits: (tokens: readonly Token[]) => [...bracketEdits(tokens), ...statementEdits(tokens)],
  unmarked,
  aligned,
  special,
  indirection,
  elementType,
  frame,
  toText,
  castNested,
  lateral,
  scalarByDomain,
  quantified,
  compareAll,
  arraySubquery,
  structOf,
  bindRecursive,
  withTies,
  sample,
  positional,
  tableFunction,
  pivot,
};

export type Rare = typeof RARE;
