/** All that is loaded only for the queries that use it. */

import type { LazyFrame } from '../../compute/polars.ts';
import { calendarField } from '../functions/ages.ts';
import { LIST_ALIASES, LISTS } from '../functions/lists.ts';
import { MORE_AGGREGATE_ALIASES, MORE_AGGREGATES } from '../functions/more-aggregates.ts';
import { MORE_TEXT_ALIASES, MORE_TEXTS } from '../functions/more-text.ts';
import { MORE_TIME_ALIASES, MORE_TIMES } from '../functions/more-time.ts';
import { STRUCTS } from '../functions/structs.ts';
import type { Plan } from '../ir.ts';
import type { Lowerer } from '../lower/plan.ts';
import { extractRows } from '../row/extract.ts';
import { lowerCompute } from '../row/lower.ts';
import { ROW_ALIASES, ROWS } from '../row/table.ts';
import type { Token } from '../tokens.ts';
import { bracketEdits } from './brackets.ts';
import { aligned, unmarked } from './by-name.ts';
import { calendarOperation } from './calendar-operation.ts';
import { arraySubquery, compareAll } from './compare.ts';
import { frames } from './frames.ts';
import { jsonNode } from './json-nodes.ts';
import { lateral, quantified, scalarByDomain } from './lateral.ts';
import { castNested, toText } from './nested.ts';
import { variant, withinGroup } from './ordered-set.ts';
import { pivot } from './pivot.ts';
import { bindRecursive, lowerRecursive, lowerWorking } from './recursive.ts';
import { lowerSample, withTies } from './sample.ts';
import { distinctSketch, quantileSketch } from './sketches.ts';
import { elementType, indirection, special, structOf } from './special.ts';
import { statementEdits } from './statements.ts';
import { positional, sample, tableFunction } from './tables.ts';
import { lowerUnnest } from './unnest.ts';

type RarePlan = Extract<Plan, { kind: 'unnest' | 'recursive' | 'working' | 'sample' | 'compute' }>;

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
    case 'compute':
      return lowerCompute(lowerer, plan);
  }
}

export const RARE = {
  scalars: { ...LISTS, ...STRUCTS, ...MORE_TIMES, ...MORE_TEXTS, ...ROWS },
  scalarAliases: { ...LIST_ALIASES, ...MORE_TIME_ALIASES, ...MORE_TEXT_ALIASES, ...ROW_ALIASES },
  aggregates: MORE_AGGREGATES,
  aggregateAliases: MORE_AGGREGATE_ALIASES,
  edits: (tokens: readonly Token[]) => [...bracketEdits(tokens), ...statementEdits(tokens)],
  extractRows,
  jsonNode,
  unmarked,
  aligned,
  special,
  indirection,
  elementType,
  frame,
  frames,
  withinGroup,
  variant,
  toText,
  calendarField,
  distinctSketch,
  quantileSketch,
  calendarOperation,
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
