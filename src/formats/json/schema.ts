/** What the census of a JSON text says about reading it. */
import { NairobiError } from '../../errors.ts';
import { JSON_KIND, type JsonCensus } from './census.ts';

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
const NESTED = JSON_KIND.object | JSON_KIND.array;

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

/** Columns in the order their keys first came; BAD_DATA where nested values do not agree. */
export function jsonColumns(census: Pick<JsonCensus, 'paths'>, path: string): JsonColumn[] {
  for (const { root, isRoot, kinds } of census.paths) {
    const conflict = conflictOf(kinds);
    if (conflict === undefined || (isRoot && (kinds & NESTED) === 0)) continue;
    throw new NairobiError('BAD_DATA', `Inside "${root}" one key holds ${conflict}`, {
      where: { file: path, column: root },
      hint: 'make the values alike before, for example with jq',
    });
  }
  return census.paths
    .filter(({ isRoot }) => isRoot)
    .map(({ root: name, kinds }) => {
      const conflict = conflictOf(kinds);
      const note =
        conflict === undefined ? undefined : `column ${name} has ${conflict}: read as text`;
      const isRounded = (kinds & JSON_KIND.inexactFloat) !== 0;
      return { name, asText: conflict !== undefined, note, isRounded };
    });
}
