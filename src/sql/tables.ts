/** The tables a parsed query names, WITH queries and views left out. */
import type { RangeVar, SelectStmt } from 'libpg-query';
import type { TableReference } from './bind/context.ts';
import { referenceOf } from './bind/table.ts';
import { sameName } from './names.ts';
import type { Parsed } from './parse.ts';

type Found = Map<string, TableReference>;

function walk(
  value: unknown,
  hidden: readonly string[],
  add: (node: RangeVar, hidden: readonly string[]) => void,
): void {
  if (value === null || typeof value !== 'object') return;
  let inside = hidden;
  const select = value as SelectStmt;
  if (Array.isArray(select.withClause?.ctes)) {
    inside = [
      ...hidden,
      ...select.withClause.ctes.flatMap((node) =>
        'CommonTableExpr' in node ? [node.CommonTableExpr.ctename ?? ''] : [],
      ),
    ];
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'RangeVar') add(inner as RangeVar, inside);
    else if (key === 'RangeFunction') readFunction(inner, add, inside);
    walk(inner, inside, add);
  }
}

/** read_csv('file') names a file too. */
function readFunction(
  node: unknown,
  add: (node: RangeVar, hidden: readonly string[]) => void,
  hidden: readonly string[],
): void {
  const text = JSON.stringify(node);
  const match =
    /"sval":"(?:read_(?:csv|csv_auto|parquet|json|json_auto|ndjson)|parquet_scan|scan_csv|scan_parquet)"/.exec(
      text,
    );
  const file = /"A_Const":\{"sval":\{"sval":("(?:[^"\\]|\\.)*")\},"location":(\d+)/.exec(text);
  if (match !== null && file?.[1] !== undefined) {
    add(
      { relname: JSON.parse(file[1]) as string, catalogname: '@read', location: Number(file[2]) },
      hidden,
    );
  }
}

export function tablesOf(parsed: Parsed): TableReference[] {
  const found: Found = new Map();
  const context = {
    marks: parsed.marks,
    source: parsed.source,
    name: (name: string | undefined) => {
      const mark = /^@name:(\d+)$/.exec(name ?? '');
      return mark === null ? (name ?? '') : (parsed.marks.longNames[Number(mark[1])] ?? '');
    },
  };
  const add = (node: RangeVar, hidden: readonly string[]): void => {
    if (/^@(asof|semi|anti|positional)$/.test(node.relname ?? '')) return;
    const reference =
      node.catalogname === '@read'
        ? {
            name: node.relname ?? '',
            file: true,
            position: parsed.source.typed(node.location ?? 0),
          }
        : referenceOf(context, node);
    if (!reference.file && hidden.some((name) => sameName(reference.name, name))) return;
    const key = `${reference.file}:${reference.name}`;
    if (!found.has(key)) found.set(key, reference);
  };
  const views = parsed.views.map((view) => view.name);
  for (const view of parsed.views) walk(view.query, views, add);
  walk({ SelectStmt: parsed.select, ...parsed.select }, views, add);
  return [...found.values()];
}
