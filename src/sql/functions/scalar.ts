/** Every scalar function and operator by name. */

import { rareIfLoaded } from '../rare.ts';
import { ARITHMETIC } from './arithmetic.ts';
import type { FunctionTable, ScalarFunction } from './function.ts';
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
};

const ALIASES: Readonly<Record<string, string>> = {
  ...MATH_ALIASES,
  ...TEXT_ALIASES,
  ...TIME_ALIASES,
};

const own = <T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;

export const canonicalName = (name: string): string =>
  own(ALIASES, name) ?? own(rareIfLoaded()?.scalarAliases, name) ?? name;

export function scalarFunction(name: string): ScalarFunction | undefined {
  const canonical = canonicalName(name);
  return own(TABLE, canonical) ?? own(rareIfLoaded()?.scalars, canonical);
}

/** Names a user may write, for suggestions. */
export function scalarNames(): string[] {
  const more = rareIfLoaded();
  const tables = [TABLE, ALIASES, more?.scalars ?? {}, more?.scalarAliases ?? {}];
  return tables.flatMap((table) => Object.keys(table)).filter((name) => /^[a-z_0-9]+$/.test(name));
}
