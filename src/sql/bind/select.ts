/**
 * One SELECT: FROM, WHERE, GROUP BY, HAVING, windows, QUALIFY, DISTINCT, ORDER BY, in that order.
 */
import type { Node, SelectStmt, WindowDef } from 'libpg-query';
import { attach, filterBy } from '../apply.ts';
import type { CallExpression, Expression, Plan, SortItem, WindowExpression } from '../ir.ts';
import { ONE_ROW } from '../join.ts';
import { sameName } from '../names.ts';
import { fingerprint, mapChildren, some, visit } from '../walk.ts';
import { type Bound, type Context, type Cte, Scope } from './context.ts';
import { type Environment, positionOf, stringsOf } from './environment.ts';
import { bindExpression } from './expression.ts';
import { bindFrom } from './from.ts';
import { GroupingBinder, hasAggregate, Regrouper } from './group.ts';
import { bindCondition } from './operator.ts';
import { output } from './output.ts';
import { expressionsOf, mapPieces, type Pieces, type Staged, takeOut } from './pieces.ts';
import { bindSortItems } from './sort.ts';
import { bindTargets, type Target } from './star.ts';

/** Named windows, and the one that QUALIFY was turned into. */
function windowsOf(select: SelectStmt): {
  readonly named: Map<string, WindowDef>;
  readonly qualify: Node | undefined;
} {
  const named = new Map<string, WindowDef>();
  let qualify: Node | undefined;
  for (const node of select.windowClause ?? []) {
    if (!('WindowDef' in node)) continue;
    const sort = node.WindowDef.orderClause?.[0];
    if (node.WindowDef.name === '@qualify')
      qualify = sort !== undefined && 'SortBy' in sort ? sort.SortBy.node : undefined;
    else named.set(node.WindowDef.name ?? '', node.WindowDef);
  }
  return { named, qualify };
}

/** An alias of the select list as an expression: bound when asked for, never inside itself. */
function aliasLookup(
  select: SelectStmt,
  environment: Environment,
): (name: string) => Expression | undefined {
  const busy = new Set<Node>();
  // An alias may be made of others, but not of itself.
  const inside: Environment = { ...environment, alias: (name) => lookup(name) };
  const lookup = (name: string): Expression | undefined => {
    const found = (select.targetList ?? []).find(
      (node) =>
        'ResTarget' in node &&
        node.ResTarget.name !== undefined &&
        sameName(name, node.ResTarget.name),
    );
    if (
      found === undefined ||
      !('ResTarget' in found) ||
      found.ResTarget.val === undefined ||
      busy.has(found)
    )
      return undefined;
    busy.add(found);
    try {
      return environment.bind(found.ResTarget.val, inside);
    } finally {
      busy.delete(found);
    }
  };
  return lookup;
}

class SelectBinder {
  readonly #context: Context;
  readonly #select: SelectStmt;
  readonly #scope: Scope;
  readonly #environment: Environment;
  readonly #qualify: Node | undefined;

  constructor(
    context: Context,
    select: SelectStmt,
    parent: Scope | undefined,
    ctes: readonly Cte[],
  ) {
    this.#context = context;
    this.#select = select;
    this.#scope = new Scope(parent, ctes);
    const { named, qualify } = windowsOf(select);
    this.#qualify = qualify;
    const bare: Environment = {
      context,
      scope: this.#scope,
      clause: 'SELECT',
      aggregates: true,
      windows: true,
      alias: undefined,
      windowDefinitions: named,
      bind: bindExpression,
    };
    this.#environment = { ...bare, alias: aliasLookup(select, bare) };
  }

  bind(): Bound & { readonly outer: ReadonlySet<string> } {
    const select = this.#select;
    if (select.intoClause !== undefined)
      throw this.#context.unsupported('SELECT INTO', undefined, 'write the result with -o FILE');
    let plan = this.#from();
    if (select.whereClause !== undefined) {
      const where = this.#in('WHERE', false, false);
      plan = filterBy(this.#context, plan, bindCondition(select.whereClause, where));
    }
    let pieces = this.#pieces();
    ({ plan, pieces } = this.#insideAggregates(plan, pieces));
    ({ plan, pieces } = this.#group(plan, pieces));
    if (pieces.having !== undefined) plan = filterBy(this.#context, plan, pieces.having);
    const attached = attach(this.#context, plan, expressionsOf({ ...pieces, having: undefined }));
    plan = attached.plan;
    let index = 0;
    pieces = mapPieces(
      { ...pieces, having: undefined },
      () => attached.expressions[index++] as Expression,
    );
    ({ plan, pieces } = this.#windows(plan, pieces));
    if (pieces.qualify !== undefined)
      plan = { kind: 'filter', input: plan, predicate: pieces.qualify };
    ({ plan, pieces } = this.#unnests(plan, pieces));
    const isDistinct = select.distinctClause !== undefined;
    return { ...output(this.#context, isDistinct, plan, pieces), outer: this.#scope.outer };
  }

  #in(clause: string, aggregates: boolean, windows: boolean): Environment {
    return { ...this.#environment, clause, aggregates, windows };
  }

  #from(): Plan {
    const nodes = this.#select.fromClause;
    if (nodes === undefined || nodes.length === 0) return ONE_ROW;
    const { plan, columns } = bindFrom(this.#context, nodes, this.#scope, {
      ...this.#in('FROM', false, false),
      alias: undefined,
    });
    this.#scope.columns = [...columns];
    return plan;
  }

  #pieces(): Pieces {
    const select = this.#select;
    const targets = bindTargets(select.targetList ?? [], {
      ...this.#environment,
      clause: 'SELECT',
    });
    if (targets.length === 0) throw this.#context.bad('The select list is empty', undefined);
    const having =
      select.havingClause === undefined
        ? undefined
        : bindCondition(select.havingClause, this.#in('HAVING', true, false));
    const qualify =
      this.#qualify === undefined
        ? undefined
        : bindCondition(this.#qualify, this.#in('QUALIFY', true, true));
    const order = this.#order(targets);
    const on = (select.distinctClause ?? []).filter((node) => Object.keys(node).length > 0);
    const distinctOn = on.map((node) => this.#sortKey(node, targets));
    return { targets, having, qualify, order, distinctOn };
  }

  #order(targets: readonly Target[]): SortItem[] {
    const nodes = this.#select.sortClause ?? [];
    const first = nodes[0];
    const sorted = first !== undefined && 'SortBy' in first ? first.SortBy.node : undefined;
    if (
      nodes.length === 1 &&
      sorted !== undefined &&
      'ColumnRef' in sorted &&
      stringsOf(sorted.ColumnRef.fields)[0] === '@all'
    ) {
      const [item] = bindSortItems(nodes, () => (targets[0] as Target).expression);
      return targets.map((target) => ({ ...(item as SortItem), expression: target.expression }));
    }
    return bindSortItems(nodes, (node) => this.#sortKey(node, targets));
  }

  /** PostgreSQL: a name is an output column first; a number a position; else an expression. */
  #sortKey(node: Node, targets: readonly Target[]): Expression {
    if ('A_Const' in node && node.A_Const.ival !== undefined) {
      const index = node.A_Const.ival.ival ?? 0;
      const target = targets[index - 1];
      if (target === undefined)
        throw this.#context.bad(
          `ORDER BY position ${index} is not in the select list`,
          positionOf(node),
        );
      return target.expression;
    }
    if ('ColumnRef' in node) {
      const names = stringsOf(node.ColumnRef.fields);
      const name = this.#context.name(names[0]);
      const found =
        names.length === 1 ? targets.filter((target) => sameName(name, target.name)) : [];
      const prints = new Set(found.map((target) => fingerprint(target.expression)));
      if (prints.size > 1)
        throw this.#context.bad(`ORDER BY "${name}" is ambiguous`, positionOf(node));
      if (found[0] !== undefined) return found[0].expression;
    }
    return this.#environment.bind(node, this.#in('ORDER BY', true, true));
  }

  /** Subqueries inside aggregates are joined to the rows that are aggregated. */
  #insideAggregates(plan: Plan, pieces: Pieces): Staged {
    const found = new Map<string, Expression>();
    for (const expression of expressionsOf(pieces)) {
      visit(expression, (inner) => {
        const holds = inner.kind === 'aggregate' && some(inner, (each) => each.kind === 'subquery');
        if (holds) found.set(fingerprint(inner), inner);
        return inner.kind !== 'aggregate';
      });
    }
    if (found.size === 0) return { plan, pieces };
    const attached = attach(this.#context, plan, [...found.values()]);
    const by = new Map(
      [...found.keys()].map((print, index) => [print, attached.expressions[index]]),
    );
    const replace = (expression: Expression): Expression =>
      (expression.kind === 'aggregate' ? by.get(fingerprint(expression)) : undefined) ??
      mapChildren(expression, replace);
    return { plan: attached.plan, pieces: mapPieces(pieces, replace) };
  }

  #group(plan: Plan, pieces: Pieces): Staged {
    const nodes = this.#select.groupClause ?? [];
    const isGrouped =
      nodes.length > 0 || pieces.having !== undefined || expressionsOf(pieces).some(hasAggregate);
    if (!isGrouped) return { plan, pieces };
    const grouping =
      nodes.length === 0
        ? { keys: [], sets: [[]] }
        : new GroupingBinder(pieces.targets, this.#in('GROUP BY', true, false)).bind(nodes);
    const keys = attach(this.#context, plan, grouping.keys);
    const ids = new Set(this.#scope.columns.map((column) => column.id));
    const regrouper = new Regrouper(this.#context, { ...grouping, keys: keys.expressions }, ids);
    const original = new Map(
      grouping.keys.map((key, index) => [fingerprint(key), keys.expressions[index] as Expression]),
    );
    const keyed = (expression: Expression): Expression =>
      original.get(fingerprint(expression)) ?? mapChildren(expression, keyed);
    const regrouped = mapPieces(pieces, (expression) => regrouper.rewrite(keyed(expression)));
    return { plan: regrouper.plan(keys.plan, grouping.sets), pieces: regrouped };
  }

  #windows(plan: Plan, pieces: Pieces): Staged {
    const taken = takeOut(this.#context, pieces, isWindow);
    if (taken.found.length === 0) return { plan, pieces };
    return {
      plan: { kind: 'window', input: plan, windows: taken.found },
      pieces: taken.pieces,
    };
  }

  #unnests(plan: Plan, pieces: Pieces): Staged {
    const taken = takeOut(this.#context, pieces, isUnnest);
    if (taken.found.length === 0) return { plan, pieces };
    const items = taken.found.map(({ id, expression }) => ({
      id,
      expression: expression.args[0] as Expression,
    }));
    const rows: Plan = { kind: 'unnest', input: plan, items, outer: false, ordinality: undefined };
    return { plan: rows, pieces: taken.pieces };
  }
}

const isWindow = (expression: Expression): expression is WindowExpression =>
  expression.kind === 'window';
export const isUnnest = (expression: Expression): expression is CallExpression =>
  expression.kind === 'call' && expression.name === 'unnest';

export const bindSelect = (
  context: Context,
  select: SelectStmt,
  parent: Scope | undefined,
  ctes: readonly Cte[],
): Bound & { readonly outer: ReadonlySet<string> } =>
  new SelectBinder(context, select, parent, ctes).bind();
