/** UNION BY NAME: columns meet by their names; one that a side lacks is NULL there. */
import type { Node, SelectStmt } from 'libpg-query';
import type { Bound, Context } from '../bind/context.ts';
import { literal, stringsOf } from '../bind/environment.ts';
import type { Named } from '../ir.ts';
import { sameName } from '../names.ts';

const isMark = (node: Node | undefined): boolean =>
  node !== undefined &&
  'ResTarget' in node &&
  node.ResTarget.val !== undefined &&
  'ColumnRef' in node.ResTarget.val &&
  stringsOf(node.ResTarget.val.ColumnRef.fields)[0] === '@by name';

/** The select without its mark, when it has one. */
export function unmarked(select: SelectStmt): SelectStmt | undefined {
  const [first, ...rest] = select.targetList ?? [];
  return isMark(first) ? { ...select, targetList: rest } : undefined;
}

/** Both sides with the columns of both, those of the left first. */
export function aligned<T extends Bound>(context: Context, sides: readonly [T, T]): [T, T] {
  const names: string[] = [];
  for (const { columns } of sides)
    for (const { name } of columns)
      if (!names.some((each) => sameName(each, name))) names.push(name);
  const align = (side: T, other: T): T => {
    const items: (Named & { readonly name: string })[] = names.map((name) => {
      const own = side.columns.find((column) => sameName(name, column.name));
      const type = own?.type ?? other.columns.find((each) => sameName(name, each.name))?.type;
      return {
        id: context.newId(),
        name,
        expression:
          own === undefined
            ? literal(null, type ?? { kind: 'null' })
            : { kind: 'column', ...own, position: -1 },
      };
    });
    return {
      ...side,
      plan: {
        kind: 'project',
        input: side.plan,
        items: items.map(({ id, expression }) => ({ id, expression })),
      },
      columns: items.map(({ id, name, expression }) => ({ id, name, type: expression.type })),
    };
  };
  return [align(sides[0], sides[1]), align(sides[1], sides[0])];
}
