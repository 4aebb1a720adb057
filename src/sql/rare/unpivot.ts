/** UNPIVOT: each row once for each of the columns, their names and values as two columns. */
import type { Node, RangeFunction } from 'libpg-query';
import { filterBy } from '../apply.ts';
import { makeCall } from '../bind/call.ts';
import type { ScopeColumn } from '../bind/context.ts';
import { type Environment, literal, positionOf, stringsOf } from '../bind/environment.ts';
import type { From } from '../bind/from.ts';
import { bindTargets } from '../bind/star.ts';
import type { renamed } from '../bind/table.ts';
import { columnOf } from '../build.ts';
import type { Expression, Plan } from '../ir.ts';
import * as t from '../types.ts';
import { fingerprint } from '../walk.ts';
import { aliased } from './sections.ts';

type Sections = ReadonlyMap<string, readonly Node[]>;

/** What is unpivoted, and what the two new columns are called. */
interface Wanted {
  readonly listed: readonly Node[];
  readonly name: string;
  readonly value: string;
}

const nameOf = (node: Node | undefined, fallback: string): string =>
  node !== undefined && 'ColumnRef' in node
    ? (stringsOf(node.ColumnRef.fields).at(-1) ?? fallback)
    : fallback;

/** ON a, b INTO NAME n VALUE v, or (v FOR n IN (a, b)). */
function wantedOf(sections: Sections): Wanted {
  const [within] = sections.get('@for') ?? [];
  const name = nameOf(sections.get('@name')?.[0], 'name');
  const value = nameOf(sections.get('@value')?.[0], 'value');
  if (within === undefined || !('A_Expr' in within))
    return { listed: sections.get('@on') ?? [], name, value };
  const list = within.A_Expr.rexpr;
  return {
    listed: list !== undefined && 'List' in list ? (list.List.items ?? []) : [],
    name: nameOf(within.A_Expr.lexpr, name),
    value: nameOf(sections.get('@using')?.[0], value),
  };
}

const referenceTo = (column: ScopeColumn): Expression =>
  column.expression ?? columnOf(column.id, column.type, column.name);

export function unpivot(
  left: From,
  node: RangeFunction,
  sections: Sections,
  environment: Environment,
  rename: typeof renamed,
): From {
  const { context } = environment;
  const wanted = wantedOf(sections);
  const targets = aliased(wanted.listed).flatMap(({ node: each, alias }) =>
    bindTargets([{ ResTarget: { val: each } } as Node], environment).map((target) => ({
      name: alias ?? target.name,
      expression: target.expression,
    })),
  );
  if (targets.length === 0)
    throw context.bad('UNPIVOT wants columns', positionOf(wanted.listed[0]));
  const listOf = (of: (target: (typeof targets)[number]) => Expression): Expression =>
    makeCall(context, 'array', targets.map(of), -1);
  const values = listOf((target) => target.expression);
  const names = listOf((target) => literal(target.name, t.TEXT));
  const [name, value] = [context.newId(), context.newId()];
  const items = [
    { id: name, expression: names },
    { id: value, expression: values },
  ];
  const rows: Plan = {
    kind: 'unnest',
    input: left.plan,
    items,
    outer: false,
    ordinality: undefined,
  };
  const type = values.type.kind === 'list' ? values.type.of : values.type;
  const known = makeCall(context, 'is not null', [columnOf(value, type, wanted.value)], -1);
  const plan = sections.has('@nulls') ? rows : filterBy(context, rows, known);
  const gone = new Set(targets.map((target) => fingerprint(target.expression)));
  const kept = left.columns.filter(
    (column) => column.hidden !== true && !gone.has(fingerprint(referenceTo(column))),
  );
  const columns: ScopeColumn[] = [
    ...kept.map((column) => ({ ...column, table: undefined })),
    { table: undefined, name: wanted.name, id: name, type: t.TEXT },
    { table: undefined, name: wanted.value, id: value, type },
  ];
  return { plan, columns: rename(context, columns, node.alias, undefined) };
}
