/** Plans to lazy frames whose columns are named by their ids. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { collect, type Expr, type LazyFrame, polars } from '../../compute/polars.ts';
import type { Relation } from '../../compute/relation.ts';
import { assert } from '../../errors.ts';
import { lowerAggregate } from '../functions/aggregate.ts';
import { aggregateFunction } from '../functions/aggregates.ts';
import type {
  AggregateExpression,
  Expression,
  Named,
  Plan,
  ScanColumn,
  SubqueryExpression,
} from '../ir.ts';
import { rare } from '../rare.ts';
import { dtypeOf } from '../types.ts';
import { columnsOf } from '../walk.ts';
import { prepareArguments } from './arguments.ts';
import { concat } from './concat.ts';
import { constantOf } from './constant.ts';
import { type Lowering, lowerExpression } from './expression.ts';
import { lowerAsof, lowerJoin } from './join.ts';
import { seriesFrame, setFrame } from './set.ts';
import { lowerWindow } from './window.ts';

/** Where a scan's rows come from: the whole relation, or the segment at hand. */
export type Rows = (relation: Relation, columns: readonly string[]) => LazyFrame;

export class Lowerer {
  readonly #rows: Rows;
  /** Parts of the plan that are there already. */
  readonly #computed: ReadonlyMap<Plan, LazyFrame>;
  readonly #shared: Map<number, LazyFrame>;
  readonly #constants: Map<SubqueryExpression, Dsl>;

  constructor(
    rows: Rows = (relation, columns) => relation.scan(columns),
    computed: ReadonlyMap<Plan, LazyFrame> = new Map(),
    constants = new Map<SubqueryExpression, Dsl>(),
    settled = new Map<number, LazyFrame>(),
  ) {
    this.#rows = rows;
    this.#computed = computed;
    this.#constants = constants;
    this.#shared = settled;
  }

  /** The same constants and WITH results, over other rows. */
  forPiece(rows: Rows): Lowerer {
    return new Lowerer(rows, this.#computed, this.#constants, this.#shared);
  }

  readonly byId: Lowering = {
    column: ({ id }) => d.column(id),
    constant: (subquery) => this.#constant(subquery),
  };

  expression(expression: Expression, name?: string): Expr {
    return d.expression(lowerExpression(expression, this.byId), name);
  }

  dsl(expression: Expression): Dsl {
    return lowerExpression(expression, this.byId);
  }

  /** Computes now, so that what reads it twice reads the same rows in the same order. */
  settle(frame: LazyFrame): LazyFrame {
    return collect(frame).lazy();
  }

  frame(plan: Plan): LazyFrame {
    const computed = this.#computed.get(plan);
    if (computed !== undefined) return computed;
    switch (plan.kind) {
      case 'scan':
        return this.#scan(plan);
      case 'values':
        return this.#values(plan);
      case 'series':
        return seriesFrame(plan);
      case 'filter':
        return this.frame(plan.input).filter(this.expression(plan.predicate));
      case 'project':
        return this.#project(plan);
      case 'aggregate':
        return this.#aggregate(plan);
      case 'join':
        return lowerJoin(this, plan);
      case 'asof':
        return lowerAsof(this, plan);
      case 'window':
        return lowerWindow(this, plan);
      case 'sort':
        return this.#sort(plan);
      case 'limit':
        return this.frame(plan.input).slice(plan.offset, plan.count as number);
      case 'distinct':
        return plan.on === undefined
          ? this.frame(plan.input).unique()
          : this.frame(plan.input).unique([...plan.on], 'first', true);
      case 'set':
        return setFrame(this, plan);
      case 'shared':
        return this.#use(plan);
      case 'unnest':
      case 'recursive':
      case 'working':
      case 'sample':
      case 'compute':
        return rare().frame(this, plan);
    }
  }

  /** The same with other rows for one key: what a recursive query has found so far. */
  withShared(key: number, frame: LazyFrame, computed: ReadonlyMap<Plan, LazyFrame>): Lowerer {
    const shared = new Map(this.#shared).set(key, frame);
    const known = new Map([...this.#computed, ...computed]);
    return new Lowerer(this.#rows, known, this.#constants, shared);
  }

  shared(key: number): LazyFrame | undefined {
    return this.#shared.get(key);
  }

  /** Decimals become scaled integers, categories text, durations microseconds. */
  #scanColumn(column: ScanColumn): Dsl {
    const raw = d.column(column.name);
    if (column.type.kind === 'decimal') return d.cast(d.physical(raw), 'Int128');
    if (column.type.kind === 'text' || column.type.kind === 'interval')
      return d.cast(raw, dtypeOf(column.type));
    return raw;
  }

  #scan(plan: Plan & { kind: 'scan' }): LazyFrame {
    const byId = new Map(plan.columns.map((column) => [column.id, column]));
    const read = (id: string): ScanColumn => {
      const column = byId.get(id);
      assert(column !== undefined, `scan of ${plan.relation.name} has ${id}`);
      return column;
    };
    const frame = this.#rows(
      plan.relation,
      plan.columns.map((column) => column.name),
    );
    const types = new Map(plan.relation.columns.map((column) => [column.name, column.type]));
    const convert = (column: ScanColumn): Dsl => {
      const plain =
        types.get(column.name) === 'String' || types.get(column.name) === 'Duration(us)';
      return plain ? d.column(column.name) : this.#scanColumn(column);
    };
    const lowering: Lowering = { ...this.byId, column: ({ id }) => convert(read(id)) };
    const filtered =
      plan.predicate === undefined
        ? frame
        : frame.filter(d.expression(lowerExpression(plan.predicate, lowering)));
    return filtered.select(
      ...plan.columns.map((column) => d.expression(convert(column), column.id)),
    );
  }

  #values(plan: Plan & { kind: 'values' }): LazyFrame {
    const one = polars()
      .DataFrame({ row: [0] })
      .lazy();
    if (plan.columns.length === 0) return one;
    const rows = plan.rows.map((row) =>
      one.select(...row.map((value, index) => this.expression(value, plan.columns[index]?.id))),
    );
    return concat(rows);
  }

  /** Constants alone would make one row, so they are added to the rows there are. */
  #project(plan: Plan & { kind: 'project' }): LazyFrame {
    const input = this.frame(plan.input);
    const expressions = plan.items.map((item) => this.expression(item.expression, item.id));
    if (plan.items.some((item) => item.expression.kind === 'column'))
      return input.select(...expressions);
    if (plan.items.every((item) => columnsOf(item.expression).size > 0))
      return input.select(...expressions);
    return input.withColumns(...expressions).select(...plan.items.map((item) => item.id));
  }

  /** sum(1) and GROUP BY 'x' need a column as long as the group, not a single value. */
  #withColumns(input: LazyFrame, columns: readonly Named[]): LazyFrame {
    return columns.length === 0
      ? input
      : input.withColumns(...columns.map((each) => this.expression(each.expression, each.id)));
  }

  #aggregate(plan: Plan & { kind: 'aggregate' }): LazyFrame {
    const constants: Named[] = plan.keys.filter((key) => columnsOf(key.expression).size === 0);
    const { columns, aggregates } = prepareArguments(plan, this.byId);
    const input = this.#withColumns(this.frame(plan.input), [...constants, ...columns]);
    const lowered = aggregates.map(({ id, expression }) =>
      d.expression(this.aggregate(expression), id),
    );
    if (plan.keys.length === 0) return input.select(...lowered);
    const keys = plan.keys.map((key) =>
      columnsOf(key.expression).size === 0
        ? d.expression(d.column(key.id))
        : this.expression(key.expression, key.id),
    );
    if (lowered.length === 0) return input.select(...keys).unique();
    return input.groupBy(keys as never, false).agg(...lowered);
  }

  aggregate(expression: AggregateExpression): Dsl {
    const fn = aggregateFunction(expression.name);
    assert(fn !== undefined, `the binder knows ${expression.name}`);
    return lowerAggregate(fn, expression, (inner) => this.dsl(inner));
  }

  #sort(plan: Plan & { kind: 'sort' }): LazyFrame {
    const by = plan.items.map((item) => this.expression(item.expression));
    return this.frame(plan.input).sort(
      by as never,
      plan.items.map((item) => item.descending) as never,
      plan.items.map((item) => !item.nullsFirst) as never,
      true,
    );
  }

  #use(plan: Plan & { kind: 'shared' }): LazyFrame {
    const { definition, key } = plan;
    let frame = this.#shared.get(key);
    if (frame === undefined) {
      frame = this.frame(definition.plan);
      if (definition.uses > 1) frame = this.settle(frame);
      this.#shared.set(key, frame);
    }
    return frame.select(
      ...plan.columns.map((column) => d.expression(d.column(column.from), column.id)),
    );
  }

  #constant(subquery: SubqueryExpression): Dsl {
    let value = this.#constants.get(subquery);
    if (value === undefined) {
      value = this.#run(subquery);
      this.#constants.set(subquery, value);
    }
    return value;
  }

  /** Over all rows, also where the query around it goes through them piece by piece. */
  #run(subquery: SubqueryExpression): Dsl {
    const whole = new Lowerer(undefined, this.#computed, this.#constants, this.#shared);
    const input = whole.frame(subquery.plan);
    if (subquery.mode === 'exists') return d.bool(collect(input.limit(1)).height > 0);
    const column = subquery.columns[0];
    assert(column !== undefined, 'a scalar subquery has a column');
    return constantOf(collect(input.select(column.id).limit(2)), subquery.type);
  }
}
