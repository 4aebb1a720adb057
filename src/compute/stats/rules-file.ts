/** The rules of `stats --expect`, read from JSON; what is not a rule is an error. */
import { messageOf, NairobiError } from '../../errors.ts';
import { parseDuration } from '../../units.ts';

export interface ColumnRules {
  readonly type?: string;
  /** A number, or for columns of time an ISO 8601 date or timestamp; without a zone it is UTC. */
  readonly min?: number | string;
  readonly max?: number | string;
  /** The largest share of rows without a value. */
  readonly nulls?: number;
  readonly unique?: boolean;
  readonly values?: readonly (string | number | boolean)[];
  /** A regular expression that every text matches. */
  readonly pattern?: string;
  /** How old the latest timestamp may be, such as "2h". */
  readonly freshness?: string;
}

export interface Rules {
  readonly rows?: { readonly min?: number; readonly max?: number };
  readonly columns?: Readonly<Record<string, ColumnRules>>;
}

const HINT =
  '{"rows": {"min": 1}, "columns": {"temp": {"type": "Float64", "min": -60, "max": 60, "nulls": 0.01, "unique": false, "values": [1, 2], "pattern": "^a", "freshness": "2h"}}}';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isBound: Check = (value) => Number.isFinite(value) || (isText(value) && isInstant(value));
const isInstant = (value: unknown): boolean => timeOf(String(value)) !== undefined;
const isScalar: Check = (value) => ['string', 'number', 'boolean'].includes(typeof value);
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

/** What each rule takes, in words and as a check. */
const COLUMN_RULES: Readonly<Record<string, readonly [words: string, check: Check]>> = {
  type: ['a type such as "Int64"', isText],
  min: ['a number or a date', isBound],
  max: ['a number or a date', isBound],
  nulls: ['a share from 0 to 1', (value) => Number(value) >= 0 && Number(value) <= 1],
  unique: ['true or false', (value) => typeof value === 'boolean'],
  values: [
    'a list of values',
    (value) => Array.isArray(value) && value.length > 0 && value.every(isScalar),
  ],
  pattern: ['a regular expression', isText],
  freshness: ['a length of time such as "2h"', (value) => isText(value) && isDuration(value)],
};
const ROW_RULES: typeof COLUMN_RULES = {
  min: ['a number of rows', isCount],
  max: ['a number of rows', isCount],
};

function isDuration(value: unknown): boolean {
  try {
    parseDuration(String(value));
    return true;
  } catch {
    return false;
  }
}

const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** Milliseconds since 1970; undefined for what is no date. */
export function timeOf(text: string): number | undefined {
  const match = ISO.exec(text);
  const iso = text.replace(' ', 'T');
  const ms = Date.parse(iso.includes('T') && match?.[1] === undefined ? `${iso}Z` : iso);
  if (match === null || Number.isNaN(ms)) return undefined;
  // 31 February is 3 March to JavaScript.
  const day = Date.parse(iso.slice(0, 10));
  return new Date(day).toISOString().startsWith(iso.slice(0, 10)) ? ms : undefined;
}

/** Throws BAD_DATA for what is no JSON, no rule, or a rule with a value it cannot have. */
export function parseRules(text: string, file: string): Rules {
  const refuse = (what: string, cause?: unknown): never => {
    throw new NairobiError('BAD_DATA', what, { where: { file }, hint: HINT, cause });
  };
  const objectOf = (value: unknown, what: string): Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : refuse(`${what} must be an object`);
  const check = (rules: unknown, known: typeof COLUMN_RULES, what: string): void => {
    const entries = Object.entries(objectOf(rules, what));
    for (const [rule, value] of entries) {
      const found = Object.hasOwn(known, rule) ? known[rule] : undefined;
      if (found === undefined) refuse(`There is no rule "${rule}" (${what})`);
      else if (!found[1](value)) refuse(`The rule "${rule}" (${what}) must be ${found[0]}`);
    }
    const { min, max } = Object.fromEntries(entries) as ColumnRules;
    if (min === undefined || max === undefined) return;
    if (typeof min !== typeof max || rank(min) > rank(max)) {
      refuse(`No value can be at least ${min} and at most ${max} (${what})`);
    }
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    refuse(`The rules are no JSON: ${messageOf(cause)}`, cause);
  }
  const table = objectOf(parsed, 'the rules');
  for (const key of Object.keys(table)) {
    if (key !== 'rows' && key !== 'columns') refuse(`There is no rule "${key}" for a table`);
  }
  if (table['rows'] !== undefined) check(table['rows'], ROW_RULES, '"rows"');
  if (table['columns'] !== undefined) {
    for (const [column, rules] of Object.entries(objectOf(table['columns'], '"columns"'))) {
      check(rules, COLUMN_RULES, `column "${column}"`);
    }
  }
  return table as Rules;
}

const rank = (bound: number | string): number =>
  typeof bound === 'number' ? bound : (timeOf(bound) ?? Number.NaN);
