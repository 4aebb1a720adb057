/** Where an expression stands: what it may see and what it may hold. */
import type { Node, WindowDef } from 'libpg-query';
import type { Expression, LiteralExpression, Scalar } from '../ir.ts';
import type { SqlType } from '../types.ts';
import type { Context, Scope } from './context.ts';

export interface Environment {
  readonly context: Context;
  readonly scope: Scope;
  /** The clause, for messages: "WHERE". */
  readonly clause: string;
  readonly aggregates: boolean;
  readonly windows: boolean;
  /** Names of the select list that may be used here (DuckDB allows them everywhere). */
  readonly alias: ((name: string) => Expression | undefined) | undefined;
  readonly windowDefinitions: ReadonlyMap<string, WindowDef>;
  /** Bound by expression.ts: the pieces of the binder call each other through it. */
  readonly bind: (node: Node, environment: Environment) => Expression;
}

export const literal = (value: Scalar, type: SqlType, position = -1): LiteralExpression => ({
  kind: 'literal',
  value,
  type,
  position,
});

export const stringsOf = (nodes: readonly Node[] | undefined): string[] =>
  (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));

/** The position of any node that has one. */
export function positionOf(node: Node | undefined): number {
  const inner = node === undefined ? undefined : Object.values(node)[0];
  const location = (inner as { location?: number } | undefined)?.location;
  return location ?? (inner === undefined ? -1 : 0);
}
