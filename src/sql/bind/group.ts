/** GROUP BY: its keys, the aggregates taken out of expressions, grouping sets. */
import type { Node } from 'libpg-query';
import type { AggregateExpression, Expression, Named, Plan } from '../ir.ts';
import { INT64 } from '../types.ts';
import { fingerprint, mapChildren, some } from '../walk.ts';
import type { Context } from './context.ts';
import { type Environment, literal, positionOf, stringsOf } from './environment.ts';
import type { Target } from './star.ts';

export const hasAggregate = (expression: Expression): boolean =>
  some(expression, (inner) => inner.kind === 'aggregate' || isGrouping(inner));

/** GROUPING(a, b): a bit for each key, set where the row's set leaves it out. */
const isGrouping = (expression: Expression): boolean =>
  expression.kind === 'call' && expression.name === 'grouping';

/** The sets of keys: one for a plain GROUP BY, several for ROLLUP and its like. */
export interface Grouping {
  readonly keys: readonly Expression[];
  /** Indices into keys. */
  readonly sets: readonly (readonly number[])[];
}

/** A position, an alias or an expression of the select list, or an expression of its own. */
function bindKey(node: Node, targets: readonly Target[], environment: Environment): Expression {
  if ('A_Const' in node && node.A_Const.ival !== undefined) {
    const index = node.A_Const.ival.ival ?? 0;
    const target = targets[index - 1];
    if (target === undefined)
      throw environment.context.bad(
        `GROUP BY position ${index} is not in the select list`,
        positionOf(node),
      );
    return target.expression;
  }
  return environment.bind(node, environment);
}

export class GroupingBinder {
  readonly #keys: Expression[] = [];
  readonly #prints: string[] = [];
  readonly #targets: readonly Target[];
  readonly #environment: Environment;

  constructor(targets: readonly Target[], environment: Environment) {
    this.#targets = targets;
    this.#environment = environment;
  }

  bind(nodes: readonly Node[]): Grouping {
    const only = nodes[0];
    if (
      nodes.length === 1 &&
      only !== undefined &&
      'ColumnRef' in only &&
      stringsOf(only.ColumnRef.fields)[0] === '@all'
    ) {
      const set = this.#targets
        .filter((target) => !hasAggregate(target.expression))
        .map((target) => this.#add(target.expression));
      return { keys: this.#keys, sets: [[...new Set(set)]] };
    }
    const sets = nodes
      .map((node) => this.#sets(node))
      .reduce((all, more) => all.flatMap((a) => more.map((b) => [...a, ...b])), [[]] as number[][]);
    return { keys: this.#keys, sets: sets.map((set) => [...new Set(set)]) };
  }

  #add(expression: Expression): number {
    const { context } = this.#environment;
    if (hasAggregate(expression))
      throw context.bad('GROUP BY cannot hold an aggregate', expression.position);
    if (some(expression, (each) => each.kind === 'call' && each.name === 'unnest'))
      throw context.unsupported('unnest() in GROUP BY', expression.position, 'use a subquery');
    const print = fingerprint(expression);
    const index = this.#prints.indexOf(print);
    if (index >= 0) return index;
    this.#prints.push(print);
    return this.#keys.push(expression) - 1;
  }

  #key(node: Node): number[] {
    if ('RowExpr' in node) return (node.RowExpr.args ?? []).flatMap((each) => this.#key(each));
    return [this.#add(bindKey(node, this.#targets, this.#environment))];
  }

  #sets(node: Node): number[][] {
    if (!('GroupingSet' in node)) return [this.#key(node)];
    const content = node.GroupingSet.content ?? [];
    switch (node.GroupingSet.kind) {
      case 'GROUPING_SET_EMPTY':
        return [[]];
      case 'GROUPING_SET_ROLLUP': {
        const parts = content.map((each) => this.#key(each));
        return Array.from({ length: parts.length + 1 }, (_, cut) =>
          parts.slice(0, parts.length - cut).flat(),
        );
      }
      case 'GROUPING_SET_CUBE': {
        const parts = content.map((each) => this.#key(each));
        return Array.from({ length: 2 ** parts.length }, (_, mask) =>
          parts.filter((_part, bit) => (mask & (1 << (parts.length - 1 - bit))) === 0).flat(),
        );
      }
      default:
        return content.flatMap((each) => this.#sets(each));
    }
  }
}

/** Rewrites expressions over the input into expressions over the groups. */
export class Regrouper {
  readonly #context: Context;
  readonly #keyIds = new Map<string, Named>();
  readonly #aggregates = new Map<string, Named<AggregateExpression>>();
  readonly #scopeIds: ReadonlySet<string>;
  readonly #groupings = new Map<string, Named>();

  constructor(context: Context, grouping: Grouping, scopeIds: ReadonlySet<string>) {
    this.#context = context;
    this.#scopeIds = scopeIds;
    for (const key of grouping.keys) {
      // A column keeps its id, so that correlated subqueries above still find it.
      const id = key.kind === 'column' && grouping.sets.length === 1 ? key.id : context.newId();
      this.#keyIds.set(fingerprint(key), { id, expression: key });
    }
  }

  get keys(): Named[] {
    return [...this.#keyIds.values()];
  }

  get aggregates(): Named<AggregateExpression>[] {
    return [...this.#aggregates.values()];
  }

  rewrite = (expression: Expression): Expression => {
    const print = fingerprint(expression);
    const key = this.#keyIds.get(print);
    if (key !== undefined) {
      const name = expression.kind === 'column' ? expression.name : 'key';
      return {
        kind: 'column',
        id: key.id,
        name,
        type: expression.type,
        position: expression.position,
      };
    }
    if (expression.kind === 'aggregate') {
      let found = this.#aggregates.get(print);
      if (found === undefined) {
        found = { id: this.#context.newId(), expression };
        this.#aggregates.set(print, found);
      }
      return {
        kind: 'column',
        id: found.id,
        name: expression.name,
        type: expression.type,
        position: expression.position,
      };
    }
    if (isGrouping(expression)) return this.#grouping(expression, print);
    if (expression.kind === 'column' && this.#scopeIds.has(expression.id)) {
      throw this.#context.bad(
        `Column "${expression.name}" must be in GROUP BY or inside an aggregate`,
        expression.position,
        `group by it, or write any_value(${expression.name})`,
      );
    }
    return mapChildren(expression, this.rewrite);
  };

  #grouping(expression: Expression, print: string): Expression {
    const args = expression.kind === 'call' ? expression.args : [];
    if (args.some((arg) => !this.#keyIds.has(fingerprint(arg)))) {
      throw this.#context.bad('GROUPING wants keys of GROUP BY', expression.position);
    }
    const found = this.#groupings.get(print) ?? { id: this.#context.newId(), expression };
    this.#groupings.set(print, found);
    return {
      kind: 'column',
      id: found.id,
      name: 'grouping',
      type: INT64,
      position: expression.position,
    };
  }

  /** Which of its keys a set leaves out, the first one the highest bit. */
  #bits(grouping: Named, set: readonly number[]): bigint {
    const prints = [...this.#keyIds.keys()];
    const args = grouping.expression.kind === 'call' ? grouping.expression.args : [];
    return args.reduce(
      (bits, arg) => bits * 2n + (set.includes(prints.indexOf(fingerprint(arg))) ? 0n : 1n),
      0n,
    );
  }

  /** One aggregate for each set of keys; keys that a set leaves out are NULL in its rows. */
  plan(input: Plan, sets: readonly (readonly number[])[]): Plan {
    const { keys, aggregates } = this;
    const [only] = sets;
    const plain = sets.length === 1 && this.#groupings.size === 0;
    if (plain && only !== undefined && only.length === keys.length) {
      return { kind: 'aggregate', input, keys, aggregates };
    }
    const columns = [...keys, ...aggregates, ...this.#groupings.values()].map((each) => ({
      id: each.id,
      name: each.id,
      type: each.expression.type,
    }));
    const shared = { plan: input, uses: sets.length };
    const inputs = sets.map((set) => this.#oneSet(shared.plan, set, keys, aggregates));
    return {
      kind: 'set',
      operation: 'union',
      all: true,
      inputs: inputs.map((each) => each.plan),
      inputColumns: inputs.map((each) => each.ids),
      columns,
    };
  }

  #oneSet(
    input: Plan,
    set: readonly number[],
    keys: readonly Named[],
    aggregates: readonly Named<AggregateExpression>[],
  ): { plan: Plan; ids: string[] } {
    const fresh = (named: Named): Named => ({ ...named, id: this.#context.newId() });
    const mine = keys.map((key, index) => (set.includes(index) ? fresh(key) : undefined));
    const values = aggregates.map((each) => ({ ...each, id: this.#context.newId() }));
    const aggregate: Plan = {
      kind: 'aggregate',
      input,
      keys: mine.filter((key) => key !== undefined),
      aggregates: values,
    };
    const items: Named[] = [
      ...keys.map((key, index) => {
        const own = mine[index];
        const id = this.#context.newId();
        if (own === undefined) return { id, expression: literal(null, key.expression.type) };
        return {
          id,
          expression: {
            kind: 'column' as const,
            id: own.id,
            name: 'key',
            type: key.expression.type,
            position: -1,
          },
        };
      }),
      ...values.map((each) => ({
        id: this.#context.newId(),
        expression: {
          kind: 'column' as const,
          id: each.id,
          name: 'aggregate',
          type: each.expression.type,
          position: -1,
        },
      })),
    ];
    for (const grouping of this.#groupings.values()) {
      items.push({
        id: this.#context.newId(),
        expression: literal(this.#bits(grouping, set), INT64),
      });
    }
    return {
      plan: { kind: 'project', input: aggregate, items },
      ids: items.map((item) => item.id),
    };
  }
}
