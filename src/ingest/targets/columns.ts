/** The columns of what is written, held to those that were there before. */
import type { Column } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';

/** The cause of an error that is about what was committed before. */
export const OTHER_COLUMNS = new Error('the target has other columns');

const describe = (column: Column): string => `${column.name} ${column.type}`;

/** Throws when a target that has the columns `before` cannot take `now`; `root` names it. */
export function requireColumns(
  before: readonly Column[],
  now: readonly Column[],
  root: string,
): void {
  if (before.length > 0) requireSame('columns', before.map(describe), now.map(describe), root);
}

export function requireSame(
  what: string,
  before: readonly string[],
  now: readonly string[],
  root: string,
): void {
  if (before.length === now.length && before.every((text, index) => text === now[index])) return;
  const gone = before.filter((text) => !now.includes(text));
  const added = now.filter((text) => !before.includes(text));
  const difference = [
    ...(gone.length > 0 ? [`it has ${gone.join(', ')}`] : []),
    ...(added.length > 0 ? [`these rows have ${added.join(', ')}`] : []),
  ];
  throw new NairobiError(
    'BAD_DATA',
    `Cannot add to ${root}: the ${what} differ: ${difference.join('; ') || 'their order changed'}`,
    {
      hint: 'choose them with --select, --rename and --types, or write into another directory',
      cause: OTHER_COLUMNS,
    },
  );
}

/** Throws when the file at `path` has other columns than those before it in the same run. */
export function requireAlike(
  before: readonly Column[],
  now: readonly Column[],
  path: string,
): void {
  const isSame =
    now.length === before.length &&
    now.every(({ name, type }, index) => {
      const one = before[index];
      return one?.name === name && one.type === type;
    });
  if (isSame) return;
  throw new NairobiError('BAD_DATA', 'The files have different columns', {
    where: { file: path },
    hint: 'ingest them into targets of their own, or say their types with --types',
  });
}
