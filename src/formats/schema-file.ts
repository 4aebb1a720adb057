/** Types of columns from a file: for --types @FILE, and binding for --schema FILE. */
import { readFileSync } from 'node:fs';
import type { Column, TypeName } from '../compute/relation.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { closest } from '../suggest.ts';
import { parseTypeName } from './options.ts';

/** The name of a schema that is every table's. */
export const EVERY_TABLE = '';

/** What a file says about columns. */
export interface TableSchema {
  readonly path: string;
  /** Every column it names, with its type where it says one. */
  readonly columns: ReadonlyMap<string, TypeName | undefined>;
  /** True when a table may have other columns as well. */
  readonly isOpen: boolean;
}

/**
 * Columns and types from JSON: {"id": "text"}, or what `query --dry-run --json` prints ("columns"
 * with "name" and "type"), or a JSON Schema of a row ("properties" with the "x-type" that
 * `stats --schema` writes, else with "type" and "format"). Throws USAGE for anything else.
 */
export function readSchemaFile(path: string): TableSchema {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isFields(value)) throw new TypeError('it is not a JSON object');
    const isOpen = isFields(value['properties']) && value['additionalProperties'] === true;
    return { path, columns: new Map(pairsOf(value)), isOpen };
  } catch (cause) {
    if (cause instanceof NairobiError) throw cause;
    throw new NairobiError('USAGE', `Cannot read types from ${path}: ${messageOf(cause)}`, {
      hint: 'what "stats --schema" or "query --dry-run --json" prints, or {"column": "type"}',
      where: { file: path },
      cause,
    });
  }
}

/** The types it states that a text can be read as; nested ones come from the data. */
export function readableTypes(schema: TableSchema): Record<string, TypeName> {
  const stated = [...schema.columns].flatMap(([name, type]) =>
    type === undefined || isOfDataOnly(type) ? [] : [[name, type] as const],
  );
  return Object.fromEntries(stated);
}

/** Throws BAD_DATA when the columns of `path` are not those of the schema. */
export function requireSchema(schema: TableSchema, columns: readonly Column[], path: string): void {
  const names = columns.map(({ name }) => name);
  const differ = (message: string, hint: string): NairobiError =>
    new NairobiError('BAD_DATA', message, { where: { file: path }, hint });
  const missing = [...schema.columns.keys()].find((name) => !names.includes(name));
  const extra = names.find((name) => !schema.columns.has(name));
  if (missing !== undefined) {
    const others = names.filter((name) => !schema.columns.has(name));
    const near = closest(missing, others);
    const has =
      near === undefined ? `the columns are ${names.slice(0, 20).join(', ')}` : `it has "${near}"`;
    throw differ(`There is no column "${missing}", which ${schema.path} names`, has);
  }
  if (extra !== undefined && !schema.isOpen) {
    throw differ(
      `The column "${extra}" is not in ${schema.path}`,
      'add it there, or "additionalProperties": true in a JSON Schema; --types @FILE does not ask for all',
    );
  }
  for (const { name, type } of columns) {
    const stated = schema.columns.get(name);
    if (stated === undefined || stated === type) continue;
    throw differ(
      `The column "${name}" is ${type}, and ${schema.path} says ${stated}`,
      'a file that states its types is read as it is: change the schema',
    );
  }
}

const isOfDataOnly = (type: TypeName): boolean =>
  /^(List|Array|Struct|Duration|Binary|Null|Object|Enum)/.test(type);

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Pair = readonly [name: string, type: TypeName | undefined];

function pairsOf(value: Fields): Pair[] {
  const { columns, properties } = value;
  if (Array.isArray(columns)) {
    return columns.map((column: unknown) => {
      if (isFields(column)) return pair(column['name'], column['type']);
      throw new TypeError('"columns" holds something that is no column');
    });
  }
  if (isFields(properties)) {
    return Object.entries(properties).map(([name, property]) => [
      name,
      typeOfProperty(name, property),
    ]);
  }
  return Object.entries(value).map(([name, type]) => pair(name, type));
}

function pair(name: unknown, type: unknown): Pair {
  if (typeof name !== 'string' || typeof type !== 'string') {
    throw new TypeError(`the type of ${JSON.stringify(name)} is not a text`);
  }
  return [name, isOfDataOnly(type) ? type : parseTypeName(type)];
}

/** By "x-type", else by what JSON Schema itself can say; undefined where it says nothing of use. */
function typeOfProperty(name: string, property: unknown): TypeName | undefined {
  if (!isFields(property)) throw new TypeError(`the property ${JSON.stringify(name)} is no object`);
  if (property['x-type'] !== undefined) return pair(name, property['x-type'])[1];
  const { type, format } = property;
  const kinds = (Array.isArray(type) ? type : [type]).filter((kind) => kind !== 'null');
  if (kinds.length !== 1) return undefined;
  switch (kinds[0]) {
    case 'integer':
      return 'Int64';
    case 'number':
      return 'Float64';
    case 'boolean':
      return 'Boolean';
    case 'string':
      // RFC 3339, which JSON Schema's formats are of, has an offset in every date-time.
      if (format === 'date-time') return 'Datetime(us, UTC)';
      return format === 'date' ? 'Date' : format === 'time' ? 'Time' : 'String';
    default:
      return undefined;
  }
}
