/** Functions of JSON that a column holds as text. */
import {
  type FunctionTable,
  RowError,
  type RowFunction,
  type RowValue,
  type ScalarFunction,
} from '../functions/function.ts';
import type { CallExpression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { byRow, neverLowered } from './by-row.ts';
import {
  digitsOf,
  follow,
  isList,
  isObject,
  type Json,
  jsonText,
  parseJson,
  pathOf,
} from './json-value.ts';

/** Of the value at a path, which may be left out where `optional`; a path is a text or an index. */
function atPath(
  name: string,
  type: SqlType,
  of: (value: Json) => RowValue,
  optional: boolean,
): ScalarFunction {
  const work =
    (call: CallExpression): RowFunction['work'] =>
    ([text = '', path]) => {
      const root = parseJson(text);
      if (path === undefined) return of(root);
      const isIndex = call.args[1]?.type.kind === 'integer';
      const steps = isIndex ? [Number(path)] : pathOf(path);
      const found = follow(root, steps, path.startsWith('/'));
      return found === undefined ? null : of(found);
    };
  return {
    usage: `${name}(json${optional ? ' [, path]' : ', path'})`,
    resolve: (types) => {
      const [json, path, more] = types;
      if (json === undefined || more !== undefined) return undefined;
      if (json.kind !== 'text' && json.kind !== 'null') return undefined;
      if (path === undefined) return optional ? { args: [t.TEXT], type } : undefined;
      if (path.kind === 'list') return 'a list of paths is not supported';
      return { args: [t.TEXT, path.kind === 'integer' ? t.INT64 : t.TEXT], type };
    },
    lower: neverLowered,
    byRow: (call) => ({ work: work(call) }),
  };
}

/** Texts without their quotes; null is NULL. */
function plainText(value: Json): string | null {
  if (value === null) return null;
  return typeof value === 'string' ? value : jsonText(value);
}

function typeOf(value: Json): string {
  const digits = digitsOf(value);
  if (digits !== undefined) {
    if (!/^-?\d+$/.test(digits)) return 'DOUBLE';
    const number = BigInt(digits);
    if (number >= 2n ** 64n || number < -(2n ** 63n)) return 'DOUBLE';
    return number < 0n ? 'BIGINT' : 'UBIGINT';
  }
  if (value === null) return 'NULL';
  if (typeof value === 'string') return 'VARCHAR';
  if (typeof value === 'boolean') return 'BOOLEAN';
  return isList(value) ? 'ARRAY' : 'OBJECT';
}

function isValid(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

const isJsonScalar = ({ kind }: SqlType): boolean =>
  !['list', 'struct', 'map', 'other', 'binary'].includes(kind);

/** What a value is converted to before it becomes JSON. */
const asWritten = (type: SqlType): SqlType =>
  type.kind === 'integer' || type.kind === 'boolean' || type.kind === 'float' ? type : t.TEXT;

/** A value as JSON; decimals have come as text and keep their digits. */
function toJson(text: string, isKnown: boolean, type: SqlType): string {
  if (!isKnown) return 'null';
  if (type.kind === 'float' && !/\d/.test(text)) throw new RowError(`${text} is no number of JSON`);
  return type.kind === 'text' ? JSON.stringify(text) : text;
}

/** Decimals are numbers in JSON, other texts are not. */
function writers(call: CallExpression): ((text: string, isKnown: boolean) => string)[] {
  return call.args.map((arg) => {
    const isDecimal = arg.kind === 'cast' && arg.input.type.kind === 'decimal';
    return (text, isKnown) => (isDecimal && isKnown ? text : toJson(text, isKnown, arg.type));
  });
}

const made = (
  name: string,
  join: (parts: readonly string[], texts: readonly string[]) => string,
  most = Number.POSITIVE_INFINITY,
): ScalarFunction => ({
  usage: `${name}(${most === 1 ? 'value' : 'value, ...'})`,
  resolve: (types) => {
    if (types.length > most) return undefined;
    if (!types.every(isJsonScalar)) return 'lists, structs and blobs are not supported';
    return { args: types.map(asWritten), type: t.TEXT };
  },
  lower: neverLowered,
  byRow: (call) => {
    const write = writers(call);
    return {
      nulls: most > 1,
      work: (texts, known) =>
        join(
          texts.map((text, index) => write[index]?.(text, known[index] === true) ?? 'null'),
          texts,
        ),
    };
  },
});

function objectOf(parts: readonly string[], texts: readonly string[]): string {
  if (parts.length % 2 !== 0) throw new RowError('names and values come in pairs');
  const pairs = parts.flatMap((value, index) =>
    index % 2 === 0 ? [] : [`${JSON.stringify(texts[index - 1])}:${value}`],
  );
  return `{${pairs.join(',')}}`;
}

const oneJson = (name: string, of: (value: Json) => string): ScalarFunction =>
  byRow(`${name}(json)`, [t.TEXT], t.TEXT, ([text = '']) => of(parseJson(text)));

export const ROW_JSON: FunctionTable = {
  json_extract: atPath('json_extract', t.TEXT, jsonText, false),
  json_extract_string: atPath('json_extract_string', t.TEXT, plainText, false),
  json_value: atPath(
    'json_value',
    t.TEXT,
    (value) => (isList(value) || isObject(value) ? null : plainText(value)),
    false,
  ),
  json_array_length: atPath(
    'json_array_length',
    t.INT64,
    (value) => (isList(value) ? value.length : 0),
    true,
  ),
  json_type: atPath('json_type', t.TEXT, typeOf, true),
  json_keys: atPath(
    'json_keys',
    t.listOf(t.TEXT),
    (value) => (isObject(value) ? Object.keys(value) : []),
    true,
  ),
  json_exists: {
    ...atPath('json_exists', t.BOOLEAN, () => true, false),
    byRow: () => ({
      work: ([text = '', path = '']) =>
        follow(parseJson(text), pathOf(path), path.startsWith('/')) !== undefined,
    }),
  },
  json_valid: byRow('json_valid(text)', [t.TEXT], t.BOOLEAN, ([text = '']) => isValid(text)),
  json: oneJson('json', jsonText),
  json_pretty: oneJson('json_pretty', (value) => JSON.stringify(value, undefined, 4)),
  to_json: made('to_json', ([part = 'null']) => part, 1),
  json_array: made('json_array', (parts) => `[${parts.join(',')}]`),
  json_object: made('json_object', objectOf),
};

export const JSON_ALIASES: Readonly<Record<string, string>> = {
  '->': 'json_extract',
  '->>': 'json_extract_string',
  json_extract_path: 'json_extract',
  json_extract_path_text: 'json_extract_string',
  json_quote: 'to_json',
};
