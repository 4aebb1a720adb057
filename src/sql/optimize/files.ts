/** Of a relation in many files, those that a filter on their partition keys leaves. */
import { collect, type LazyFrame } from '../../compute/polars.ts';
import { FILE_NUMBER, type FilesOfRelation } from '../../compute/relation.ts';
import type { Expression, Plan, Scan, ScanColumn } from '../ir.ts';
import { Lowerer } from '../lower/plan.ts';
import { parseTypeName } from '../types.ts';
import { columnsOf, conjunction, conjuncts, some } from '../walk.ts';
import { mapPlans, sharedIn } from './inline.ts';

const NUMBER: ScanColumn = { id: FILE_NUMBER, name: FILE_NUMBER, type: parseTypeName('Int64') };

/** The plan over the files it wants; those are opened now. */
export function pickFiles(plan: Plan): Plan {
  for (const definition of sharedIn(plan).values()) {
    definition.plan = mapPlans(definition.plan, picked);
  }
  return mapPlans(plan, picked);
}

function picked(plan: Plan): Plan {
  const files = plan.kind === 'scan' ? plan.relation.files?.() : undefined;
  if (plan.kind !== 'scan' || files === undefined) return plan;
  return { ...plan, relation: files.only(wanted(plan, files)) };
}

function wanted(scan: Scan, { keys }: FilesOfRelation): number[] {
  const names = new Set(keys.columns.map(({ name }) => name));
  const columns = scan.columns.filter(({ name }) => names.has(name));
  const ids = new Set(columns.map(({ id }) => id));
  const isAboutFiles = (part: Expression): boolean => {
    const read = [...columnsOf(part)];
    return read.length > 0 && read.every((id) => ids.has(id)) && !some(part, isUnknown);
  };
  const predicate = conjunction(conjuncts(scan.predicate).filter(isAboutFiles));
  const rows: Plan = { kind: 'scan', relation: keys, columns: [...columns, NUMBER], predicate };
  try {
    return numbersOf(new Lowerer().frame(rows));
  } catch {
    // Rows may be fewer than keys: whether it fails is for the query itself to find out.
    return numbersOf(keys.scan());
  }
}

const numbersOf = (frame: LazyFrame): number[] =>
  collect(frame.select(FILE_NUMBER)).getColumn(FILE_NUMBER).toArray().map(Number);

/** What has no value before the query runs, or one for each row. */
const isUnknown = (expression: Expression): boolean =>
  expression.kind === 'subquery' || (expression.kind === 'call' && expression.name === 'random');
