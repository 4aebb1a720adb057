/** Whether the first record names the columns, and the names they get. */
import { uniqueNames } from '../names.ts';
import type { Evidence } from './evidence.ts';
import { classify, KIND } from './values.ts';

const NUMERIC = KIND.int | KIND.bigInt | KIND.float | KIND.commaFloat | KIND.notFinite;

/** Two different years or more, and no other numbers: "country,1990,1995,2000" names columns. */
function isYears(first: readonly string[]): boolean {
  const numbers = first.filter((text) => (classify(text).kind & NUMERIC) !== 0);
  const isYear = (text: string): boolean => /^(1[89]|20|21)\d\d$/.test(text);
  return numbers.length > 1 && numbers.every(isYear) && new Set(numbers).size === numbers.length;
}

/**
 * The first record is data when every column that has a type below it has a value of such a type
 * in it, and there is at least one such column; so it is when it stands alone and holds no text.
 * Otherwise it is a header.
 */
export function isHeader(first: readonly string[], below: readonly Evidence[]): boolean {
  if (isYears(first)) return true;
  let fits = 0;
  for (const [index, text] of first.entries()) {
    const kinds = (below[index]?.kinds ?? 0) & ~(KIND.empty | KIND.nullWord);
    if (kinds === 0 || (kinds & KIND.text) !== 0) continue;
    const kind = classify(text).kind;
    if (kind === KIND.empty) continue;
    const isNumber = (kind & NUMERIC) !== 0 && (kinds & NUMERIC) !== 0;
    if (!isNumber && (kinds & kind) === 0) return true;
    fits += 1;
  }
  return fits === 0 && !isLoneData(first, below);
}

const MEASURED = NUMERIC | KIND.date | KIND.datetime | KIND.time;

/** A single record of numbers and times: values, not names. */
function isLoneData(first: readonly string[], below: readonly Evidence[]): boolean {
  const isAlone = below.every(({ kinds }) => kinds === 0);
  return isAlone && first.every((text) => (classify(text).kind & MEASURED) !== 0);
}

/**
 * Column names: the header's, blanks around them taken off; "column_3" where it has none; a number
 * behind a name that came before ("id", "id_1").
 */
export function headerNames(
  first: readonly string[],
  count: number,
  header: boolean,
): { names: string[]; notes: string[] } {
  const wanted = Array.from({ length: count }, (_, index) => {
    const name = header ? (first[index] ?? '').trim() : '';
    return name === '' ? `column_${index + 1}` : name;
  });
  const names = uniqueNames(wanted);
  const notes = names.flatMap((name, index) =>
    name === wanted[index]
      ? []
      : [`the column name "${wanted[index]}" comes twice: the later one is ${name}`],
  );
  return { names, notes };
}
