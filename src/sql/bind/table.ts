/** Tables, files and WITH queries by name, and the names their columns go by. */
import { basename } from 'node:path';
import type { Alias, RangeVar } from 'libpg-query';
import type { Column } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import { suggestion } from '../names.ts';
import { parseTypeName, type SqlType } from '../types.ts';
import type { Context, Cte, Scope, ScopeColumn, TableReference } from './context.ts';
import { stringsOf } from './environment.ts';
import type { From } from './from.ts';

/** What a RangeVar names: a file between quotes, or a table. */
export function referenceOf(
  context: Pick<Context, 'marks' | 'source' | 'name'>,
  node: RangeVar,
): TableReference {
  const position = context.source.typed(node.location ?? 0);
  const file = /^@file:(\d+)$/.exec(node.relname ?? '');
  if (file !== null)
    return { name: context.marks.files[Number(file[1])] ?? '', file: true, position };
  return { name: context.name(node.relname), file: false, position };
}

/** "logs/a.csv.gz" is known as "a". */
const stem = (path: string): string => basename(path).replace(/\.[^/]*$/, '') || path;

/** The alias, and new column names where AS t(a, b) gives them. */
export function renamed(
  context: Context,
  columns: readonly ScopeColumn[],
  alias: Alias | undefined,
  fallback: string | undefined,
): ScopeColumn[] {
  const table = alias?.aliasname === undefined ? fallback : context.name(alias.aliasname);
  const names = stringsOf(alias?.colnames).map((name) => context.name(name));
  if (names.length > columns.length) {
    throw context.bad(
      `"${table}" has ${columns.length} columns, ${names.length} names are given`,
      undefined,
    );
  }
  return columns.map((column, index) => ({ ...column, table, name: names[index] ?? column.name }));
}

function useCte(context: Context, cte: Cte): From {
  cte.definition.uses += 1;
  const columns = cte.columns.map((column) => ({
    ...column,
    from: column.id,
    id: context.newId(),
  }));
  return {
    plan: { kind: 'shared', key: cte.key, name: cte.name, definition: cte.definition, columns },
    columns: columns.map(({ id, name, type }) => ({ table: cte.name, id, name, type })),
  };
}

export function scanOf(context: Context, reference: TableReference, ctes: readonly Cte[]): From {
  let relation: ReturnType<Context['relation']>;
  try {
    relation = context.relation(reference);
  } catch (error) {
    if (!(error instanceof NairobiError) || error.where !== undefined) throw error;
    const hint =
      error.hint ??
      (reference.file
        ? undefined
        : suggestion(
            reference.name,
            ctes.map((cte) => cte.name),
          ));
    throw context.source.errorAtTyped(error.code, error.message, reference.position, hint);
  }
  const columns = relation.columns.map((column) => ({
    id: context.newId(),
    name: column.name,
    type: typeOf(column),
  }));
  const table = reference.file ? stem(reference.name) : reference.name;
  return {
    plan: { kind: 'scan', relation, columns, predicate: undefined },
    columns: columns.map((column) => ({ ...column, table })),
  };
}

/** A column of a relation, a struct with its fields. */
function typeOf({ type, fields }: Column): SqlType {
  if (fields === undefined || fields.length === 0) return parseTypeName(type);
  return { kind: 'struct', fields: fields.map((field) => fieldOf(field)) };
}

/** Columns of these types are read into another form than a file has them in, fields are not. */
const READ_ANEW = /Decimal|Duration|Int128|Time$/;

const fieldOf = (field: Column): { name: string; type: SqlType } => ({
  name: field.name,
  type: READ_ANEW.test(field.type) ? { kind: 'other', name: field.type } : typeOf(field),
});

export function bindTable(context: Context, node: RangeVar, scope: Scope): From {
  const reference = referenceOf(context, node);
  const cte =
    reference.file || node.schemaname !== undefined ? undefined : scope.cte(reference.name);
  const from = cte === undefined ? scanOf(context, reference, scope.ctes) : useCte(context, cte);
  return { ...from, columns: renamed(context, from.columns, node.alias, from.columns[0]?.table) };
}
