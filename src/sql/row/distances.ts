/** How far two texts are apart, in characters as PostgreSQL counts them. */
import { type FunctionTable, RowError, type ScalarFunction } from '../functions/function.ts';
import * as t from '../types.ts';
import { byRow, numberOf } from './by-row.ts';

/** Insertions, deletions and substitutions. */
function levenshtein(one: readonly string[], other: readonly string[]): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, a] of one.entries()) {
    const next = [i + 1];
    for (const [j, b] of other.entries()) {
      const swap = (row[j] ?? 0) + (a === b ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Lowrance and Wagner, 1975: exchanged neighbours may be edited between. */
function damerau(one: readonly string[], other: readonly string[]): number {
  const [n, m] = [one.length, other.length];
  const far = n + m;
  const table = Array.from({ length: n + 2 }, () => new Array<number>(m + 2).fill(far));
  const at = (i: number, j: number): number => table[i]?.[j] ?? far;
  const put = (i: number, j: number, value: number): void => {
    const row = table[i];
    if (row !== undefined) row[j] = value;
  };
  for (let i = 0; i <= n; i += 1) put(i + 1, 1, i);
  for (let j = 0; j <= m; j += 1) put(1, j + 1, j);
  const lastRow = new Map<string, number>();
  for (let i = 1; i <= n; i += 1) {
    let lastColumn = 0;
    for (let j = 1; j <= m; j += 1) {
      const k = lastRow.get(other[j - 1] ?? '') ?? 0;
      const l = lastColumn;
      const same = one[i - 1] === other[j - 1];
      if (same) lastColumn = j;
      const swapped = at(k, l) + (i - k - 1) + 1 + (j - l - 1);
      const edited = Math.min(at(i, j) + (same ? 0 : 1), at(i + 1, j) + 1, at(i, j + 1) + 1);
      put(i + 1, j + 1, Math.min(edited, swapped));
    }
    lastRow.set(one[i - 1] ?? '', i);
  }
  return at(n + 1, m + 1);
}

function hamming(one: readonly string[], other: readonly string[]): number {
  if (one.length !== other.length) throw new RowError('the texts must be equally long');
  return one.filter((character, index) => character !== other[index]).length;
}

function jaccard(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) throw new RowError('a text is empty');
  const [a, b] = [new Set(one), new Set(other)];
  const both = [...a].filter((character) => b.has(character)).length;
  return both / (a.size + b.size - both);
}

/** Jaro, 1989: characters that agree within a window, less half of those out of order. */
function jaro(one: readonly string[], other: readonly string[]): number {
  const window = Math.max(0, Math.floor(Math.max(one.length, other.length) / 2) - 1);
  const taken = new Set<number>();
  const matched: string[] = [];
  for (const [i, character] of one.entries()) {
    const last = Math.min(other.length - 1, i + window);
    for (let j = Math.max(0, i - window); j <= last; j += 1) {
      if (taken.has(j) || other[j] !== character) continue;
      taken.add(j);
      matched.push(character);
      break;
    }
  }
  const agree = matched.length;
  if (agree === 0) return 0;
  const order = [...taken].sort((a, b) => a - b).map((j) => other[j]);
  const moved = matched.filter((character, index) => character !== order[index]).length;
  const swaps = Math.floor(moved / 2);
  return (agree / one.length + agree / other.length + (agree - swaps) / agree) / 3;
}

const PREFIX = 4;
const PREFIX_WEIGHT = 0.1;
/** Winkler raises only what is alike already, as the rapidfuzz library does. */
const BOOST_FROM = 0.7;

function jaroWinkler(one: readonly string[], other: readonly string[]): number {
  const plain = jaro(one, other);
  if (plain <= BOOST_FROM) return plain;
  let same = 0;
  while (same < PREFIX && same < one.length && same < other.length && one[same] === other[same])
    same += 1;
  return plain + same * PREFIX_WEIGHT * (1 - plain);
}

type Measure = (one: readonly string[], other: readonly string[]) => number;

const distance = (name: string, measure: Measure): ScalarFunction =>
  byRow(`${name}(text, text)`, [t.TEXT, t.TEXT], t.INT64, ([a = '', b = '']) =>
    measure([...a], [...b]),
  );

/** A similarity below the third argument is 0. */
const similarity = (name: string, measure: Measure): ScalarFunction =>
  byRow(
    `${name}(text, text [, least])`,
    [t.TEXT, t.TEXT, t.FLOAT64],
    t.FLOAT64,
    ([a = '', b = '', least = '0']) => {
      const found = measure([...a], [...b]);
      return found >= numberOf(least) ? found : 0;
    },
    { optional: 1 },
  );

export const DISTANCES: FunctionTable = {
  levenshtein: distance('levenshtein', levenshtein),
  damerau_levenshtein: distance('damerau_levenshtein', damerau),
  hamming: distance('hamming', hamming),
  jaccard: byRow('jaccard(text, text)', [t.TEXT, t.TEXT], t.FLOAT64, ([a = '', b = '']) =>
    jaccard([...a], [...b]),
  ),
  jaro_similarity: similarity('jaro_similarity', jaro),
  jaro_winkler_similarity: similarity('jaro_winkler_similarity', jaroWinkler),
};

export const DISTANCE_ALIASES: Readonly<Record<string, string>> = {
  editdist3: 'levenshtein',
  mismatches: 'hamming',
};
