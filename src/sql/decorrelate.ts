/**
 * Taking the correlated predicates out of a subquery's plan, so that what is left runs on its own
 * and the predicates become the condition of a join (Kim 1982; Galindo-Legaria and Joshi 2001).
 * Predicates rise through projections, joins and sorts as they are; through an aggregate only
 * equalities can, their inner side becoming a group key.
 */
import type { Applying } from './apply.ts';
import { outputOf } from './columns.ts';
import { aggregateFunction } from './functions/aggregates.ts';
import type { ColumnId, Expression, Named, OutputColumn, Plan } from './ir.ts';
import {
  columnsOf,
  conjunction,
  conjuncts,
  inputsOf,
  mapExpressions,
  mapInputs,
  substitute,
  visit,
} from './walk.ts';

export interface Decorrelated {
  readonly plan: Plan;
  /** Over the plan's columns and the outer ones. */
  readonly predicates: readonly Expression[];
  /** At most one row for each set of outer values: it came through an aggregate without keys. */
  readonly single: boolean;
  /** What columns are when there is no row at all. */
  readonly empty: ReadonlyMap<ColumnId, Expression>;
}

/** True when anything in the plan reads one of `outer`. */
export function reads(plan: Plan, outer: ReadonlySet<ColumnId>): boolean {
  let found = false;
  mapExpressions(plan, (expression) => {
    if ([...columnsOf(expression)].some((id) => outer.has(id))) found = true;
    return expression;
  });
  return found || inputsOf(plan).some((input) => reads(input, outer));
}

const NOTHING: ReadonlyMap<ColumnId, Expression> = new Map();

const asColumn = (id: ColumnId, expression: Expression): Expression => ({
  kind: 'column',
  id,
  name: id,
  type: expression.type,
  position: -1,
});

class Decorrelator {
  readonly #applying: Applying;
  readonly #outer: ReadonlySet<ColumnId>;

  constructor(applying: Applying, outer: ReadonlySet<ColumnId>) {
    this.#applying = applying;
    this.#outer = outer;
  }

  #isCorrelated(expression: Expression): boolean {
    return [...columnsOf(expression)].some((id) => this.#outer.has(id));
  }

  pull(plan: Plan): Decorrelated {
    if (!reads(plan, this.#outer)) {
      const single = plan.kind === 'aggregate' && plan.keys.length === 0;
      return { plan, predicates: [], single, empty: NOTHING };
    }
    switch (plan.kind) {
      case 'filter':
        return this.#filter(plan);
      case 'project':
        return this.#project(plan);
      case 'aggregate':
        return this.#aggregate(plan);
      case 'join':
        return this.#join(plan);
      case 'distinct':
      case 'sort': {
        const input = this.pull(plan.input);
        return { ...input, plan: mapInputs(plan, () => input.plan) };
      }
      default:
        throw this.#applying.unsupported(
          `a correlated subquery with ${plan.kind.toUpperCase()} inside`,
          -1,
        );
    }
  }

  #filter(plan: Plan & { kind: 'filter' }): Decorrelated {
    const input = this.pull(plan.input);
    if (input.single && input.empty.size > 0) {
      throw this.#applying.unsupported('HAVING in a correlated subquery without GROUP BY', -1);
    }
    const parts = conjuncts(plan.predicate);
    const pulled = parts.filter((part) => this.#isCorrelated(part));
    const rest = conjunction(parts.filter((part) => !this.#isCorrelated(part)));
    return {
      ...input,
      plan: rest === undefined ? input.plan : { ...plan, input: input.plan, predicate: rest },
      predicates: [...input.predicates, ...pulled],
    };
  }

  /** Columns that the risen predicates read must go through. */
  #project(plan: Plan & { kind: 'project' }): Decorrelated {
    const input = this.pull(plan.input);
    const have = new Set(plan.items.map((item) => item.id));
    const more: Named[] = [];
    for (const predicate of input.predicates) {
      visit(predicate, (inner) => {
        if (inner.kind === 'column' && !this.#outer.has(inner.id) && !have.has(inner.id)) {
          have.add(inner.id);
          more.push({ id: inner.id, expression: inner });
        }
        return true;
      });
    }
    const correlated = plan.items.filter((item) => this.#isCorrelated(item.expression));
    if (correlated.length > 0)
      throw this.#applying.unsupported(
        'a subquery that selects columns of the query around it',
        correlated[0]?.expression.position ?? -1,
      );
    const empty = new Map(
      plan.items.map((item) => [item.id, substitute(item.expression, input.empty)] as const),
    );
    return {
      ...input,
      plan: { ...plan, input: input.plan, items: [...plan.items, ...more] },
      empty: input.single ? empty : NOTHING,
    };
  }

  #aggregate(plan: Plan & { kind: 'aggregate' }): Decorrelated {
    const input = this.pull(plan.input);
    const inner = new Set(outputOf(input.plan));
    const keys: Named[] = [...plan.keys];
    for (const { expression } of [...plan.keys, ...plan.aggregates]) {
      if (this.#isCorrelated(expression))
        throw this.#applying.unsupported(
          'an aggregate of columns of the query around it',
          expression.position,
        );
    }
    const predicates = input.predicates.map((predicate) => {
      const key = this.#equation(predicate, inner);
      const id = this.#applying.newId();
      keys.push({ id, expression: key.inner });
      return { ...predicate, args: [asColumn(id, key.inner), key.outer] } as Expression;
    });
    const single = plan.keys.length === 0;
    const empty = new Map<ColumnId, Expression>();
    if (single) {
      for (const { id, expression } of plan.aggregates) {
        const value = aggregateFunction(expression.name)?.ofNothing ?? null;
        empty.set(id, { kind: 'literal', value, type: expression.type, position: -1 });
      }
    }
    return { plan: { ...plan, input: input.plan, keys }, predicates, single, empty };
  }

  /** inner = outer, the only correlation that can pass a GROUP BY. */
  #equation(
    predicate: Expression,
    inner: ReadonlySet<ColumnId>,
  ): { inner: Expression; outer: Expression } {
    if (predicate.kind === 'call' && predicate.name === '=') {
      const [a, b] = predicate.args as [Expression, Expression];
      const sides = [a, b].map((side) => [...columnsOf(side)]);
      const isInner = (index: number): boolean => (sides[index] ?? []).every((id) => inner.has(id));
      const isOuter = (index: number): boolean =>
        (sides[index] ?? []).every((id) => this.#outer.has(id));
      if (isInner(0) && isOuter(1)) return { inner: a, outer: b };
      if (isInner(1) && isOuter(0)) return { inner: b, outer: a };
    }
    throw this.#applying.unsupported(
      'an aggregate correlated by anything but equality',
      predicate.position,
    );
  }

  #join(plan: Plan & { kind: 'join' }): Decorrelated {
    const left = this.pull(plan.left);
    const right = this.pull(plan.right);
    const inConditions = plan.keys.some(
      (key) => this.#isCorrelated(key.left) || this.#isCorrelated(key.right),
    );
    if (plan.join !== 'inner' && (right.predicates.length > 0 || plan.join === 'full')) {
      throw this.#applying.unsupported(
        `a correlated subquery with ${plan.join.toUpperCase()} JOIN inside`,
        -1,
      );
    }
    if (inConditions) throw this.#applying.unsupported('a correlated join condition', -1);
    const parts = conjuncts(plan.residual);
    const pulled = parts.filter((part) => this.#isCorrelated(part));
    if (pulled.length > 0 && plan.join !== 'inner')
      throw this.#applying.unsupported('a correlated condition of an outer join', -1);
    return {
      plan: {
        ...plan,
        left: left.plan,
        right: right.plan,
        residual: conjunction(parts.filter((part) => !pulled.includes(part))),
      },
      predicates: [...left.predicates, ...right.predicates, ...pulled],
      single: false,
      empty: NOTHING,
    };
  }
}

/** `wanted` are the columns that must still be there afterwards. */
export function decorrelate(
  applying: Applying,
  plan: Plan,
  outer: ReadonlySet<ColumnId>,
  wanted: readonly OutputColumn[],
): Decorrelated {
  // What EXISTS selects and in which order does not matter.
  let top = plan;
  if (wanted.length === 0) {
    while (
      top.kind === 'sort' ||
      (top.kind === 'limit' && top.offset === 0 && top.count !== 0) ||
      (top.kind === 'project' &&
        !top.items.some(
          (item) => !['column', 'literal', 'call', 'cast', 'case'].includes(item.expression.kind),
        ))
    ) {
      top = top.input;
    }
  } else if (top.kind === 'sort') top = top.input;
  return new Decorrelator(applying, outer).pull(top);
}
