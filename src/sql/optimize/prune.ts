/** Columns nobody reads are dropped where they are made; scans read only what is left. */
import { outputOf } from '../columns.ts';
import type { ColumnId, Expression, Plan } from '../ir.ts';
import { columnsOf, mapChildren, mapExpressions, mapInputs } from '../walk.ts';
import { narrowest } from './narrow.ts';

/** What each WITH query that is run once must still deliver. */
type Needs = Map<number, Set<ColumnId>>;

class Pruner {
  readonly needs: Needs = new Map();

  /** Constant subqueries are plans of their own. */
  #expression = (expression: Expression): Expression => {
    const mapped = mapChildren(expression, this.#expression);
    if (mapped.kind !== 'subquery') return mapped;
    return {
      ...mapped,
      plan: this.prune(mapped.plan, new Set(mapped.columns.map((column) => column.id))),
    };
  };

  #add(into: Set<ColumnId>, ...expressions: readonly (Expression | undefined)[]): Set<ColumnId> {
    for (const expression of expressions) if (expression !== undefined) columnsOf(expression, into);
    return into;
  }

  prune(plan: Plan, needed: ReadonlySet<ColumnId>): Plan {
    return mapExpressions(this.#node(plan, needed), this.#expression);
  }

  #scan(plan: Plan & { kind: 'scan' }, needed: ReadonlySet<ColumnId>): Plan {
    const wanted = this.#add(new Set(needed), plan.predicate);
    const kept = plan.columns.filter((column) => wanted.has(column.id));
    return { ...plan, columns: kept.length > 0 ? kept : narrowest(plan.columns) };
  }

  #project(plan: Plan & { kind: 'project' }, needed: ReadonlySet<ColumnId>): Plan {
    const kept = plan.items.filter((item) => needed.has(item.id));
    const items = kept.length > 0 ? kept : plan.items.slice(0, 1);
    const wanted = this.#add(new Set(), ...items.map((item) => item.expression));
    return { ...plan, items, input: this.prune(plan.input, wanted) };
  }

  #aggregate(plan: Plan & { kind: 'aggregate' }, needed: ReadonlySet<ColumnId>): Plan {
    const kept = plan.aggregates.filter((each) => needed.has(each.id));
    const enough = kept.length > 0 || plan.keys.length > 0;
    const aggregates = enough ? kept : plan.aggregates.slice(0, 1);
    const wanted = this.#add(
      new Set(),
      ...[...plan.keys, ...aggregates].map((each) => each.expression),
    );
    return { ...plan, aggregates, input: this.prune(plan.input, wanted) };
  }

  #window(plan: Plan & { kind: 'window' }, needed: ReadonlySet<ColumnId>): Plan {
    const windows = plan.windows.filter((each) => needed.has(each.id));
    const wanted = this.#add(new Set(needed), ...windows.map((each) => each.expression));
    const input = this.prune(plan.input, wanted);
    return windows.length === 0 ? input : { ...plan, windows, input };
  }

  #shared(plan: Plan & { kind: 'shared' }, needed: ReadonlySet<ColumnId>): Plan {
    const columns = plan.columns.filter((column) => needed.has(column.id));
    const kept = columns.length > 0 ? columns : plan.columns.slice(0, 1);
    const wanted = this.needs.get(plan.key) ?? new Set();
    for (const column of kept) wanted.add(column.from);
    this.needs.set(plan.key, wanted);
    return { ...plan, columns: kept };
  }

  #node(plan: Plan, needed: ReadonlySet<ColumnId>): Plan {
    const more = (...expressions: readonly Expression[]): Set<ColumnId> =>
      this.#add(new Set(needed), ...expressions);
    switch (plan.kind) {
      case 'scan':
        return this.#scan(plan, needed);
      case 'project':
        return this.#project(plan, needed);
      case 'aggregate':
        return this.#aggregate(plan, needed);
      case 'window':
        return this.#window(plan, needed);
      case 'filter':
        return { ...plan, input: this.prune(plan.input, more(plan.predicate)) };
      case 'sort': {
        const wanted = more(...plan.items.map((item) => item.expression));
        return { ...plan, input: this.prune(plan.input, wanted) };
      }
      case 'distinct': {
        // Every column takes part, but for DISTINCT ON.
        const wanted = plan.on === undefined ? outputOf(plan.input) : [...needed, ...plan.on];
        return { ...plan, input: this.prune(plan.input, new Set(wanted)) };
      }
      case 'join':
        return this.#join(plan, needed);
      case 'asof': {
        const keys = plan.by.flatMap((key) => [key.left, key.right]);
        const wanted = more(plan.leftOn, plan.rightOn, ...keys);
        return mapInputs(plan, (input) => this.prune(input, wanted));
      }
      case 'unnest': {
        const wanted = more(...plan.items.map((item) => item.expression));
        return { ...plan, input: this.prune(plan.input, wanted) };
      }
      case 'recursive':
        // Every column of a round may decide about the next one.
        return {
          ...plan,
          base: this.prune(plan.base, new Set(plan.baseColumns)),
          step: this.prune(plan.step, new Set(plan.stepColumns)),
        };
      case 'set':
        return this.#set(plan, needed);
      case 'shared':
        return this.#shared(plan, needed);
      default:
        return mapInputs(plan, (input) => this.prune(input, needed));
    }
  }

  #join(plan: Plan & { kind: 'join' }, needed: ReadonlySet<ColumnId>): Plan {
    const wanted = this.#add(
      new Set(needed),
      plan.residual,
      ...plan.keys.flatMap((key) => [key.left, key.right]),
    );
    return { ...plan, left: this.prune(plan.left, wanted), right: this.prune(plan.right, wanted) };
  }

  #set(plan: Plan & { kind: 'set' }, needed: ReadonlySet<ColumnId>): Plan {
    // Duplicates and matches are found by all columns; only UNION ALL can do with fewer.
    const keepAll = plan.operation !== 'union' || !plan.all;
    const kept = plan.columns.flatMap((column, index) =>
      keepAll || needed.has(column.id) ? [index] : [],
    );
    const indices = kept.length > 0 ? kept : [0];
    const inputColumns = plan.inputColumns.map((ids) => indices.map((index) => ids[index] ?? ''));
    return {
      ...plan,
      columns: indices.flatMap((index) => plan.columns[index] ?? []),
      inputColumns,
      inputs: plan.inputs.map((input, side) => this.prune(input, new Set(inputColumns[side]))),
    };
  }
}

/** Prunes the plan, then its shared WITH queries from the last defined to the first. */
export function prune(
  plan: Plan,
  needed: ReadonlySet<ColumnId>,
  shared: ReadonlyMap<number, { plan: Plan; uses: number }>,
): Plan {
  const pruner = new Pruner();
  const pruned = pruner.prune(plan, needed);
  for (const key of [...shared.keys()].sort((a, b) => b - a)) {
    const definition = shared.get(key);
    const wanted = pruner.needs.get(key);
    if (definition !== undefined && wanted !== undefined)
      definition.plan = pruner.prune(definition.plan, wanted);
  }
  return pruned;
}
