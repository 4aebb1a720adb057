/** Types of columns from a file, for --types @FILE. */
import { readFileSync } from 'node:fs';
import type { TypeName } from '../compute/relation.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { parseTypeName } from './options.ts';

/**
 * Column -> type from JSON: {"id": "text"}, or what `query --dry-run --json` prints ("columns" with
 * "name" and "type"), or the JSON Schema of `stats --schema` ("properties" with "x-type"). Throws
 * USAGE for anything else.
 */
export function readTypesFile(path: string): Record<string, TypeName> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Object.fromEntries(pairsOf(value).map(([name, type]) => [name, parseTypeName(type)]));
  } catch (cause) {
    if (cause instanceof NairobiError) throw cause;
    throw new NairobiError('USAGE', `Cannot read types from ${path}: ${messageOf(cause)}`, {
      hint: 'a JSON object of columns and types, or what "query --dry-run --json" prints',
      where: { file: path },
      cause,
    });
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function pairsOf(value: unknown): [string, string][] {
  if (!isFields(value)) throw new TypeError('it is not a JSON object');
  const { columns, properties } = value;
  if (Array.isArray(columns)) {
    return columns.map((column: unknown) => {
      if (isFields(column)) return pair(column['name'], column['type']);
      throw new TypeError('"columns" holds something that is no column');
    });
  }
  if (isFields(properties)) {
    return Object.entries(properties).map(([name, property]) =>
      pair(name, isFields(property) ? property['x-type'] : undefined),
    );
  }
  return Object.entries(value).map(([name, type]) => pair(name, type));
}

function pair(name: unknown, type: unknown): [string, string] {
  if (typeof name === 'string' && typeof type === 'string') return [name, type];
  throw new TypeError(`the type of ${JSON.stringify(name)} is not a text`);
}
