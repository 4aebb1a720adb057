/** ORDER BY lists: PostgreSQL's defaults for direction and NULLs. */
import type { Node } from 'libpg-query';
import type { Expression, SortItem } from '../ir.ts';

export function bindSortItems(
  nodes: readonly Node[] | undefined,
  bind: (node: Node) => Expression,
): SortItem[] {
  return (nodes ?? []).flatMap((node) => {
    if (!('SortBy' in node) || node.SortBy.node === undefined) return [];
    const descending = node.SortBy.sortby_dir === 'SORTBY_DESC';
    const nulls = node.SortBy.sortby_nulls;
    // PostgreSQL: NULLs count as larger than every value.
    const nullsFirst =
      nulls === 'SORTBY_NULLS_DEFAULT' || nulls === undefined
        ? descending
        : nulls === 'SORTBY_NULLS_FIRST';
    return [{ expression: bind(node.SortBy.node), descending, nullsFirst }];
  });
}
