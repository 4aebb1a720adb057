/** Fields of structs, named with dots as in SQL (`http.ms`), as columns of their own. */
import { col, type Expr, type LazyFrame } from '../../compute/polars.ts';
import type { Column, Relation } from '../../compute/relation.ts';

interface StructField {
  /** The column, and the names of fields within fields. */
  readonly path: readonly string[];
  readonly column: Column;
}

/** The same rows; those of `names` that are no columns but fields of structs are columns too. */
export function withStructFields(
  relation: Relation,
  names: readonly (string | undefined)[],
): Relation {
  const found = names.flatMap((name) =>
    name === undefined ? [] : (fieldOf(relation, name) ?? []),
  );
  if (found.length === 0) return relation;
  const fields = new Map(found.map((field) => [field.column.name, field]));
  const columns = [...relation.columns, ...[...fields.values()].map(({ column }) => column)];
  const all = columns.map(({ name }) => name);
  const { name, fits, rowEstimate, rowsHeld } = relation;
  const roots = (wanted: readonly string[]): string[] => [
    ...new Set(wanted.map((column) => fields.get(column)?.path[0] ?? column)),
  ];
  const pick = (frame: LazyFrame, wanted: readonly string[]): LazyFrame =>
    frame.select(...[...new Set(wanted)].map((column) => readField(fields.get(column), column)));
  return {
    name,
    columns,
    fits,
    rowEstimate,
    rowsHeld,
    scan: (wanted = all) => pick(relation.scan(roots(wanted)), wanted),
    async *segments(wanted = all, use) {
      for await (const piece of relation.segments(roots(wanted), use)) yield pick(piece, wanted);
    },
  };
}

function readField(field: StructField | undefined, name: string): Expr {
  const [root = name, ...inner] = field?.path ?? [];
  const value = inner.reduce((outer, one) => outer.struct.field(one), col(root));
  return field === undefined ? value : value.alias(name);
}

/** What `name` is a field of; undefined for a column, and for what is nothing. */
function fieldOf({ columns }: Relation, name: string): StructField | undefined {
  const same = (column: Column): boolean => column.name.toLowerCase() === name.toLowerCase();
  return columns.some(same) ? undefined : within(columns, name, name);
}

function within(columns: readonly Column[], rest: string, name: string): StructField | undefined {
  for (const column of columns) {
    if (rest === column.name) return { path: [column.name], column: { ...column, name } };
    if (!rest.startsWith(`${column.name}.`) || column.fields === undefined) continue;
    const inner = within(column.fields, rest.slice(column.name.length + 1), name);
    if (inner !== undefined) return { ...inner, path: [column.name, ...inner.path] };
  }
  return undefined;
}
