/** What binding a query needs to know, and the scopes in which its names are looked up. */
import type { SelectStmt } from 'libpg-query';
import type { Relation } from '../../compute/relation.ts';
import type { NairobiError } from '../../errors.ts';
import type { Marks } from '../dialect.ts';
import type { ColumnExpression, ColumnId, Expression, OutputColumn, Plan, Shared } from '../ir.ts';
import { sameName, suggestion } from '../names.ts';
import type { Source } from '../source.ts';
import type { SqlType } from '../types.ts';

export type ParameterValue = string | number | bigint | boolean | null | Date;

export interface TableReference {
  /** As written: a table name, or the path or glob between the quotes. */
  readonly name: string;
  /** True for FROM 'file'. */
  readonly file: boolean;
  /** Byte offset in the SQL typed. */
  readonly position: number;
}

export interface Bound {
  readonly plan: Plan;
  readonly columns: readonly OutputColumn[];
}

export interface ScopeColumn {
  /** The table's alias, undefined for what belongs to none. */
  readonly table: string | undefined;
  readonly name: string;
  readonly id: ColumnId;
  readonly type: SqlType;
  /** Of JOIN USING: the merged column's halves answer only to their table. */
  readonly hidden?: boolean;
  /** What stands for the name instead of a column (FULL JOIN USING). */
  readonly expression?: Expression;
}

export interface Cte {
  readonly name: string;
  readonly definition: Shared['definition'];
  readonly key: number;
  readonly columns: readonly OutputColumn[];
}

/** The names visible in one query, and what it takes from the queries around it. */
export class Scope {
  columns: ScopeColumn[] = [];
  readonly parent: Scope | undefined;
  readonly ctes: readonly Cte[];
  /** Columns of outer queries read here or deeper. */
  readonly outer = new Set<ColumnId>();

  constructor(parent: Scope | undefined, ctes: readonly Cte[] = parent?.ctes ?? []) {
    this.parent = parent;
    this.ctes = ctes;
  }

  cte(name: string): Cte | undefined {
    return this.ctes.findLast((each) => sameName(name, each.name));
  }

  /** The visible columns that `name` (of `table`) can mean here. */
  matches(name: string, table: string | undefined): readonly ScopeColumn[] {
    const named = this.columns.filter(
      (column) =>
        (table === undefined
          ? column.hidden !== true
          : column.table !== undefined && sameName(table, column.table)) &&
        sameName(name, column.name),
    );
    const exact = named.filter((column) => column.name === name);
    return exact.length > 0 ? exact : named;
  }

  get tables(): string[] {
    return [...new Set(this.columns.flatMap((column) => column.table ?? []))];
  }
}

export interface BindOptions {
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly now: Date;
  readonly timeZone: string;
}

export class Context {
  readonly source: Source;
  readonly marks: Marks;
  readonly options: BindOptions;
  readonly relation: (reference: TableReference) => Relation;
  /** Set by query.ts: expressions contain queries, and queries expressions. */
  readonly bindQuery: (
    context: Context,
    select: SelectStmt,
    parent: Scope | undefined,
  ) => Bound & {
    readonly outer: ReadonlySet<ColumnId>;
  };
  #ids = 0;

  constructor(init: Pick<Context, 'source' | 'marks' | 'options' | 'relation' | 'bindQuery'>) {
    this.source = init.source;
    this.marks = init.marks;
    this.options = init.options;
    this.relation = init.relation;
    this.bindQuery = init.bindQuery;
  }

  newId(): ColumnId {
    this.#ids += 1;
    return `c${this.#ids}`;
  }

  newKey(): number {
    this.#ids += 1;
    return this.#ids;
  }

  /** The name as typed: long ones are kept aside, since the parser cuts them. */
  name(name: string | undefined): string {
    const mark = /^@name:(\d+)$/.exec(name ?? '');
    return mark === null ? (name ?? '') : (this.marks.longNames[Number(mark[1])] ?? '');
  }

  bad(message: string, position: number | undefined, hint?: string): NairobiError {
    return this.source.error('BAD_SQL', message, position, hint);
  }

  unsupported(what: string, position: number | undefined, hint?: string): NairobiError {
    return this.source.unsupported(what, position, hint);
  }
}

const columnOf = (column: ScopeColumn, position: number): Expression =>
  column.expression ?? {
    kind: 'column',
    id: column.id,
    name: column.name,
    type: column.type,
    position,
  };

/** Every column a reference may have meant, for the message about one that is not there. */
function unknownColumn(
  context: Context,
  scope: Scope,
  name: string,
  table: string | undefined,
  position: number,
): NairobiError {
  const { source } = context;
  if (table !== undefined && !scope.tables.some((each) => sameName(table, each))) {
    return source.error(
      'BAD_SQL',
      `There is no table "${table}" here`,
      position,
      suggestion(table, scope.tables),
    );
  }
  const visible = scope.columns.filter(
    (column) =>
      table === undefined || (column.table !== undefined && sameName(table, column.table)),
  );
  const names = [...new Set(visible.map((column) => column.name))];
  const of = table === undefined ? '' : ` in "${table}"`;
  return source.error(
    'UNKNOWN_COLUMN',
    `There is no column "${name}"${of}`,
    position,
    suggestion(name, names),
  );
}

/** Looks a column up, innermost query first, and notes it in every query it is carried into. */
export function resolveColumn(
  context: Context,
  scope: Scope,
  name: string,
  table: string | undefined,
  position: number,
): Expression | undefined {
  const crossed: Scope[] = [];
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const found = at.matches(name, table);
    const [first, second] = found;
    if (second !== undefined && first !== undefined) {
      const tables = found.map((column) => column.table).filter((each) => each !== undefined);
      throw context.bad(
        `Column "${name}" is ambiguous`,
        position,
        tables.length > 1
          ? `write ${tables.map((each) => `${each}.${name}`).join(' or ')}`
          : undefined,
      );
    }
    if (first !== undefined) {
      const expression = columnOf(first, position);
      for (const each of crossed) each.outer.add((expression as ColumnExpression).id);
      return expression;
    }
    crossed.push(at);
  }
  return undefined;
}

export function requireColumn(
  context: Context,
  scope: Scope,
  name: string,
  table: string | undefined,
  position: number,
): Expression {
  const found = resolveColumn(context, scope, name, table, position);
  if (found === undefined) throw unknownColumn(context, scope, name, table, position);
  return found;
}
