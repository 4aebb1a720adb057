/** What the census of a JSON text says about reading it. */
import { NairobiError } from '../../errors.ts';
import { JSON_KIND, type JsonCensus, type JsonPath } from './census.ts';

export interface JsonColumn {
  readonly name: string;
  /** True when Polars is to give the texts of the values, whatever they are. */
  readonly asText: boolean;
  readonly note: string | undefined;
  /** Numbers among the values lose digits on their way to text. */
  readonly isRounded: boolean;
}

const NUMBERS =
  JSON_KIND.integer | JSON_KIND.inexactInteger | JSON_KIND.bigInteger | JSON_KIND.float;

/** Why values of these kinds cannot share a type that holds them all exactly. */
function conflictOf(kinds: number): string | undefined {
  const families: readonly (readonly [number, string])[] = [
    [NUMBERS, 'numbers'],
    [JSON_KIND.boolean, 'true or false'],
    [JSON_KIND.string, 'texts'],
    [JSON_KIND.object, 'objects'],
    [JSON_KIND.array, 'arrays'],
  ];
  const found = families.filter(([bits]) => (kinds & bits) !== 0).map(([, name]) => name);
  if (found.length > 1) return found.join(' and ');
  const isRounded = (kinds & JSON_KIND.float) !== 0 && (kinds & JSON_KIND.inexactInteger) !== 0;
  return isRounded ? 'fractions and integers that a double would round' : undefined;
}

/** Whether this is text or keys within nested values, which Polars writes without escaping them. */
export const isUnescaped = ({ isRoot, kinds }: Pick<JsonPath, 'isRoot' | 'kinds'>): boolean =>
  (kinds & (isRoot ? JSON_KIND.object : JSON_KIND.object | JSON_KIND.string)) !== 0;

/** Whether all that this key holds is the same JSON as text: arrays of bytes of the journal are. */
const isSafeText = ({ paths }: Pick<JsonCensus, 'paths'>, root: string): boolean =>
  paths.filter((each) => each.root === root).every((each) => !isUnescaped(each));

/** Columns in the order their keys first came; BAD_DATA where nested values do not agree. */
export function jsonColumns(census: Pick<JsonCensus, 'paths'>, path: string): JsonColumn[] {
  const texts = new Set<string>();
  for (const { root, isRoot, kinds } of census.paths) {
    const conflict = conflictOf(kinds);
    if (isRoot && conflict !== undefined && isSafeText(census, root)) texts.add(root);
    if (conflict === undefined || texts.has(root)) continue;
    const what = isRoot ? `The key "${root}"` : `Inside "${root}" one key`;
    throw new NairobiError('BAD_DATA', `${what} holds ${conflict}`, {
      where: { file: path, column: root },
      hint: isRoot
        ? `make it text before: jq -c '.[${JSON.stringify(root)}] |= tostring'`
        : 'make the values alike before, for example with jq',
    });
  }
  return census.paths
    .filter(({ isRoot }) => isRoot)
    .map(({ root: name, kinds }) => {
      const conflict = conflictOf(kinds);
      const note =
        conflict === undefined ? undefined : `column ${name} has ${conflict}: read as text`;
      const isRounded = census.paths.some(
        (each) => each.root === name && (each.kinds & JSON_KIND.inexactFloat) !== 0,
      );
      return { name, asText: conflict !== undefined, note, isRounded };
    });
}

/** Kinds of values that come late and need a type that the early ones did not. */
export function changesType(known: number, late: number): boolean {
  const news = late & ~known & ~(JSON_KIND.null | JSON_KIND.inexactFloat);
  if (news === 0) return false;
  const isWide = (known & JSON_KIND.float) !== 0 && news === JSON_KIND.integer;
  const isSame = (known & JSON_KIND.integer) !== 0 && news === JSON_KIND.inexactInteger;
  return !isWide && !(isSame && (known & JSON_KIND.float) === 0);
}
