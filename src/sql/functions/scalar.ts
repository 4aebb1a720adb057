/** Every scalar function and operator by name. */
import { ARITHMETIC } from './arithmetic.ts';
import type { FunctionTable, ScalarFunction } from './function.ts';
import { LIST_ALIASES, LISTS } from './lists.ts';
import { LOGIC } from './logic.ts';
import { MATH, MATH_ALIASES } from './math.ts';
import { PATTERNS } from './pattern.ts';
import { TEXT_ALIASES, TEXTS } from './text.ts';
import { TIME_ALIASES, TIMES } from './time.ts';
import { ZONES } from './zone.ts';

const TABLE: FunctionTable = {
  ...LOGIC,
  ...ARITHMETIC,
  ...MATH,
  ...TEXTS,
  ...PATTERNS,
  ...TIMES,
  ...ZONES,
  ...LISTS,
};

const ALIASES: Readonly<Record<string, string>> = {
  ...MATH_ALIASES,
  ...TEXT_ALIASES,
  ...TIME_ALIASES,
  ...LIST_ALIASES,
};

export const canonicalName = (name: string): string => ALIASES[name] ?? name;

export function scalarFunction(name: string): ScalarFunction | undefined {
  const canonical = canonicalName(name);
  return Object.hasOwn(TABLE, canonical) ? TABLE[canonical] : undefined;
}

/** Names a user may write, for suggestions. */
export const scalarNames = (): string[] =>
  [...Object.keys(TABLE), ...Object.keys(ALIASES)].filter((name) => /^[a-z_0-9]+$/.test(name));
