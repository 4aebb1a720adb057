/**
 * Any correlated plan as a join: the plan is evaluated over the distinct values of what it reads
 * from outside, which become columns of it, and is joined back on them (Neumann and Kemper,
 * "Unnesting Arbitrary Queries", 2015). For what decorrelate.ts cannot take apart more cheaply.
 */
import type { Applying } from '../apply.ts';
import { callOf, columnOf } from '../build.ts';
import { type TypedColumn, typedColumns } from '../columns.ts';
import { reads } from '../decorrelate.ts';
import { aggregateFunction } from '../functions/aggregates.ts';
import type { ColumnId, Expression, JoinKind, Named, Plan, WindowExpression } from '../ir.ts';
import { cross, joinOn } from '../join.ts';
import { ROW_NUMBER } from '../row-number.ts';
import { INT64 } from '../types.ts';
import { conjuncts, mapExpressions, substitute } from '../walk.ts';
import { type Carried, equal, orderOf, outerOf, same, type Unnested } from './domain.ts';

class Unnester {
  readonly #applying: Applying;
  readonly #outer: ReadonlySet<ColumnId>;
  readonly #domain: () => Unnested;

  constructor(applying: Applying, outer: ReadonlySet<ColumnId>, domain: () => Unnested) {
    this.#applying = applying;
    this.#outer = outer;
    this.#domain = domain;
  }

  /** True when the plan or a WITH query inside it reads what is outside. */
  #isCorrelated(plan: Plan): boolean {
    return reads(plan, this.#outer);
  }

  unnest(plan: Plan): Unnested {
    if (!this.#isCorrelated(plan)) {
      const domain = this.#domain();
      const isOneRow = plan.kind === 'values' && plan.columns.length === 0;
      return isOneRow ? domain : { ...domain, plan: cross(domain.plan, plan) };
    }
    switch (plan.kind) {
      case 'filter':
      case 'sort': {
        const { plan: input, carried } = this.unnest(plan.input);
        return { plan: this.#put({ ...plan, input }, carried), carried };
      }
      case 'unnest': {
        const { plan: input, carried } = this.unnest(plan.input);
        return { plan: this.#put({ ...plan, input }, carried), carried };
      }
      case 'project': {
        const { plan: input, carried } = this.unnest(plan.input);
        const put = this.#put({ ...plan, input }, carried) as typeof plan;
        return { plan: { ...put, items: [...put.items, ...this.#items(carried)] }, carried };
      }
      case 'aggregate':
        return this.#aggregate(plan);
      case 'window':
        return this.#window(plan);
      case 'limit':
        return this.#limit(plan);
      case 'distinct': {
        const { plan: input, carried } = this.unnest(plan.input);
        const on = plan.on && [...plan.on, ...this.#ids(carried)];
        return { plan: { ...plan, input, on }, carried };
      }
      case 'join':
        return this.#join(plan);
      case 'set':
        return this.#set(plan);
      case 'values':
        return this.#values(plan);
      default:
        throw this.#applying.unsupported(
          `a correlated subquery with ${plan.kind.toUpperCase()} inside`,
          -1,
        );
    }
  }

  #put(plan: Plan, carried: Carried): Plan {
    return mapExpressions(plan, (expression) => substitute(expression, carried));
  }

  #ids(carried: Carried): ColumnId[] {
    return [...carried.values()].map((each) => (each as { id: ColumnId }).id);
  }

  #items(carried: Carried): Named[] {
    return [...carried.values()].map((expression) => ({
      id: (expression as { id: ColumnId }).id,
      expression,
    }));
  }

  /** Without keys there is a row even for no rows: those of the domain that have none get it. */
  #aggregate(plan: Plan & { kind: 'aggregate' }): Unnested {
    const { plan: input, carried } = this.unnest(plan.input);
    const put = this.#put({ ...plan, input }, carried) as typeof plan;
    const grouped: Plan = { ...put, keys: [...put.keys, ...this.#items(carried)] };
    if (plan.keys.length > 0) return { plan: grouped, carried };
    const all = this.#domain();
    const joined = joinOn('left', all.plan, grouped, same(all.carried, carried));
    const values = plan.aggregates.map(({ id, expression }): Named => {
      const column = columnOf(id, expression.type);
      const nothing = aggregateFunction(expression.name)?.ofNothing ?? null;
      if (nothing === null) return { id, expression: column };
      const zero: Expression = { kind: 'literal', value: nothing, type: column.type, position: -1 };
      return { id, expression: callOf('coalesce', [column, zero], column.type) };
    });
    return {
      plan: { kind: 'project', input: joined, items: [...values, ...this.#items(all.carried)] },
      carried: all.carried,
    };
  }

  #window(plan: Plan & { kind: 'window' }): Unnested {
    const { plan: input, carried } = this.unnest(plan.input);
    const put = this.#put({ ...plan, input }, carried) as typeof plan;
    const windows = put.windows.map((window) => ({
      ...window,
      expression: {
        ...window.expression,
        partition: [...window.expression.partition, ...carried.values()],
      },
    }));
    return { plan: { ...put, windows }, carried };
  }

  /** LIMIT counts the rows of each set of outer values. */
  #limit(plan: Plan & { kind: 'limit' }): Unnested {
    const { plan: input, carried } = this.unnest(plan.input);
    const id = this.#applying.newId();
    const expression: WindowExpression = {
      ...ROW_NUMBER,
      partition: [...carried.values()],
      order: orderOf(input),
    };
    const numbered: Plan = { kind: 'window', input, windows: [{ id, expression }] };
    const row = columnOf(id, INT64);
    const bound = (name: string, value: number): Expression =>
      callOf(name, [row, { kind: 'literal', value: BigInt(value), type: INT64, position: -1 }]);
    const tests = [bound('>', plan.offset)];
    if (plan.count !== undefined) tests.push(bound('<=', plan.offset + plan.count));
    const predicate = tests.reduce((a, b) => callOf('and', [a, b]));
    return { plan: { kind: 'filter', input: numbered, predicate }, carried };
  }

  #join(plan: Plan & { kind: 'join' }): Unnested {
    if (plan.join === 'full')
      throw this.#applying.unsupported('a correlated subquery with FULL JOIN inside', -1);
    const conditions = [
      ...plan.keys.map((key) =>
        callOf(key.nullSafe === true ? 'is not distinct from' : '=', [key.left, key.right]),
      ),
      ...conjuncts(plan.residual),
    ];
    const [leftReads, rightReads] = [this.#isCorrelated(plan.left), this.#isCorrelated(plan.right)];
    // The condition's outer columns are those of the side that carries them.
    const onlyRight = plan.join === 'inner' && rightReads && !leftReads;
    const left = onlyRight ? undefined : this.unnest(plan.left);
    const right = rightReads ? this.unnest(plan.right) : undefined;
    const carried = (left ?? right)?.carried as Carried;
    const on = conditions.map((each) => substitute(each, carried));
    if (left !== undefined && right !== undefined) on.push(...same(left.carried, right.carried));
    const joined = joinOn(plan.join, left?.plan ?? plan.left, right?.plan ?? plan.right, on);
    return { plan: joined, carried };
  }

  #set(plan: Plan & { kind: 'set' }): Unnested {
    const inputs = plan.inputs.map((input) => this.unnest(input));
    const first = inputs[0] as Unnested;
    const more: TypedColumn[] = [...first.carried.values()].map((each) => ({
      id: this.#applying.newId(),
      type: each.type,
    }));
    const outer = [...first.carried.keys()];
    const carried = new Map(
      more.map((column, index) => [outer[index] as ColumnId, columnOf(column.id, column.type)]),
    );
    return {
      carried,
      plan: {
        ...plan,
        inputs: inputs.map((each) => each.plan),
        inputColumns: plan.inputColumns.map((ids, side) => [
          ...ids,
          ...this.#ids((inputs[side] as Unnested).carried),
        ]),
        columns: [...plan.columns, ...more.map((column) => ({ ...column, name: column.id }))],
      },
    };
  }

  /** Each row of VALUES is a projection of the domain. */
  #values(plan: Plan & { kind: 'values' }): Unnested {
    const sides = plan.rows.map((row) => {
      const { plan: input, carried } = this.#domain();
      const items: Named[] = row.map((value) => ({
        id: this.#applying.newId(),
        expression: substitute(value, carried),
      }));
      const project: Plan = { kind: 'project', input, items: [...items, ...this.#items(carried)] };
      return {
        plan: project,
        ids: [...items.map((item) => item.id), ...this.#ids(carried)],
        carried,
      };
    });
    const [first] = sides as [(typeof sides)[number]];
    const more = [...first.carried].map(([from, { type }]) => ({
      from,
      column: { id: this.#applying.newId(), name: from, type },
    }));
    return {
      plan: {
        kind: 'set',
        operation: 'union',
        all: true,
        inputs: sides.map((side) => side.plan),
        inputColumns: sides.map((side) => side.ids),
        columns: [...plan.columns, ...more.map((each) => each.column)],
      },
      carried: new Map(
        more.map(({ from, column }) => [from, columnOf(column.id, column.type)] as const),
      ),
    };
  }
}

/** `plan` joined with what `inner` gives for each of its rows. */
export function dependentJoin(
  applying: Applying,
  plan: Plan,
  inner: Plan,
  outer: ReadonlySet<ColumnId>,
  join: JoinKind,
  on: readonly Expression[] = [],
): Plan {
  const around = outerOf(applying, plan, outer);
  const { plan: right, carried } = new Unnester(applying, outer, around.domain).unnest(inner);
  const types = new Map(typedColumns(plan).map((column) => [column.id, column.type]));
  const back = [...carried].map(([id, column]) =>
    equal(columnOf(id, types.get(id) ?? column.type), column),
  );
  return joinOn(join, around.plan, right, [...back, ...on]);
}
