/** JSON text as values whose numbers keep their digits, and the paths into them. */
import { messageOf } from '../../errors.ts';
import { RowError } from '../functions/function.ts';

declare global {
  interface JSON {
    isRawJSON(value: unknown): value is { readonly rawJSON: string };
  }
}

export type Json =
  | null
  | boolean
  | number
  | string
  | { readonly rawJSON: string }
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Numbers that JavaScript would write otherwise than they were. */
const EXACT = /\d{16}|\d\.\d*0(?!\d)|\d[eE]|-0(?![.\d])/;

let last: { readonly text: string; readonly value: Json } | undefined;

/** Throws RowError for what is no JSON. The last text is kept: several paths are asked of it. */
export function parseJson(text: string): Json {
  if (last?.text === text) return last.value;
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? JSON.rawJSON(context?.source ?? String(value)) : value;
  try {
    const value = (EXACT.test(text) ? JSON.parse(text, exact) : JSON.parse(text)) as Json;
    last = { text, value };
    return value;
  } catch (error) {
    const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
    throw new RowError(`this is no JSON: ${shown} (${messageOf(error)})`);
  }
}

export const jsonText = (value: Json): string => JSON.stringify(value);

/** The digits of a number; undefined for anything else. */
export function digitsOf(value: Json): string | undefined {
  if (typeof value === 'number') return String(value);
  return JSON.isRawJSON(value) ? value.rawJSON : undefined;
}

export const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

export type JsonObject = Readonly<Record<string, Json>>;

export const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value) && !JSON.isRawJSON(value);

/** A key, or a place in a list: a negative one counts from its end. */
export type Step = string | number;

const paths = new Map<string, readonly Step[]>();
const PATHS_KEPT = 1000;

/** '$.a[0]."b c"', '/a/0', or the name of a key. Throws RowError. */
export function pathOf(text: string): readonly Step[] {
  const known = paths.get(text);
  if (known !== undefined) return known;
  if (paths.size >= PATHS_KEPT) paths.clear();
  const steps = text.startsWith('$')
    ? dollarPath(text)
    : text.startsWith('/')
      ? pointer(text)
      : [text];
  paths.set(text, steps);
  return steps;
}

function dollarPath(text: string): Step[] {
  const steps: Step[] = [];
  const step = /\.(?:"((?:[^"\\]|\\.)*)"|([^.[\]"*]+))|\[(#?-)?(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;
  for (step.lastIndex = 1; step.lastIndex < text.length; ) {
    const at = step.lastIndex;
    const found = step.exec(text);
    if (found === null) {
      const isWild = /^\.?\[?\*/.test(text.slice(at)) || text.startsWith('..', at);
      throw new RowError(
        `${isWild ? 'not supported: wildcards' : 'cannot read the path'}: ${text}`,
      );
    }
    const [, quoted, key, end, index, bracketed] = found;
    const name = quoted ?? bracketed;
    if (name !== undefined) steps.push(name.replace(/\\(.)/gs, '$1'));
    else if (key !== undefined) steps.push(key);
    else steps.push(end === undefined ? Number(index) : -Number(index));
  }
  return steps;
}

/** RFC 6901; digits are places in lists and keys of objects. */
const pointer = (text: string): Step[] =>
  text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** What lies at the end of a path; undefined where there is nothing. */
export function follow(value: Json, steps: readonly Step[], byPointer: boolean): Json | undefined {
  let at: Json | undefined = value;
  for (const step of steps) {
    if (at === undefined) return undefined;
    if (isList(at) && typeof step === 'number') at = at.at(Object.is(step, -0) ? at.length : step);
    else if (isObject(at) && (typeof step === 'string' || byPointer))
      at = Object.hasOwn(at, step) ? (at as JsonObject)[step] : undefined;
    else return undefined;
  }
  return at;
}
