/** LIKE, SIMILAR TO and regular expressions; a constant pattern picks the cheapest test. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { CallExpression } from '../ir.ts';
import * as t from '../types.ts';
import {
  arg,
  type FunctionTable,
  fixed,
  literalOf,
  type ScalarFunction,
  searched,
} from './function.ts';

const escapeRegex = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}#&~-]/g, '\\$&');

/** A LIKE pattern as literal runs between the wildcards. */
type Piece = { readonly literal: string } | '%' | '_';

export function likePieces(pattern: string, escaping: string): Piece[] {
  const pieces: Piece[] = [];
  const characters = Array.from(pattern);
  let run = '';
  const flush = (): void => {
    if (run !== '') pieces.push({ literal: run });
    run = '';
  };
  for (let i = 0; i < characters.length; i += 1) {
    const character = characters[i] as string;
    if (character === escaping && escaping !== '' && i + 1 < characters.length) {
      i += 1;
      run += characters[i];
    } else if (character === '%' || character === '_') {
      flush();
      pieces.push(character);
    } else run += character;
  }
  flush();
  return pieces;
}

function likeRegex(pieces: readonly Piece[], ignoreCase: boolean): string {
  let open = pieces[0] === '%';
  let body = pieces
    .map((p) => (p === '%' ? '.*' : p === '_' ? '.' : escapeRegex(p.literal)))
    .join('');
  let close = pieces.at(-1) === '%';
  if (open && close && pieces.every((piece) => piece === '%'))
    [open, close, body] = [true, true, ''];
  body = body.replace(/^(\.\*)+/, open ? '' : '$&').replace(/(\.\*)+$/, close ? '' : '$&');
  return `(?s${ignoreCase ? 'i' : ''})${open ? '' : '^'}${body}${close ? '' : '$'}`;
}

const contains = (node: Dsl, pattern: Dsl, literal: boolean): Dsl =>
  d.stringCall({ Contains: { literal, strict: true } }, node, pattern);

/** The regular expression engine is Rust's regex: linear time, no look-around. */
export const matches = (node: Dsl, regex: string): Dsl => contains(node, d.text(regex), false);

function like(node: Dsl, pattern: string, escaping: string, ignoreCase: boolean): Dsl {
  const pieces = likePieces(pattern, escaping);
  if (!ignoreCase) {
    const [first, second, third] = pieces;
    const only = (piece: Piece | undefined): string | undefined =>
      typeof piece === 'object' ? piece.literal : undefined;
    if (pieces.length === 0) return d.binary('Eq', node, d.text(''));
    if (pieces.length === 1 && only(first) !== undefined) {
      return d.binary('Eq', node, d.text(only(first) ?? ''));
    }
    if (pieces.length === 2 && second === '%' && only(first) !== undefined) {
      return d.stringCall('StartsWith', node, d.text(only(first) ?? ''));
    }
    if (pieces.length === 2 && first === '%' && only(second) !== undefined) {
      return d.stringCall('EndsWith', node, d.text(only(second) ?? ''));
    }
    if (pieces.length === 3 && first === '%' && third === '%' && only(second) !== undefined) {
      return contains(node, d.text(only(second) ?? ''), true);
    }
  }
  return matches(node, likeRegex(pieces, ignoreCase));
}

/** A pattern that is a column: its text is turned into a regular expression row by row. */
function computedLike(node: Dsl, pattern: Dsl, ignoreCase: boolean): Dsl {
  const replace = (input: Dsl, from: string, to: string): Dsl =>
    d.stringCall({ Replace: { n: -1, literal: true } }, input, d.text(from), d.text(to));
  const quoted = d.stringCall('EscapeRegex', pattern);
  const regex = replace(replace(quoted, '%', '.*'), '_', '.');
  const whole = d.stringCall(
    { ConcatHorizontal: { delimiter: '', ignore_nulls: false } },
    d.text(ignoreCase ? '(?si)^' : '(?s)^'),
    regex,
    d.text('$'),
  );
  return contains(node, whole, false);
}

const likeFunction = (name: string, ignoreCase: boolean): ScalarFunction => ({
  usage: `text ${name} pattern`,
  resolve: (types) =>
    types.length < 2 ? undefined : { args: types.map(() => t.TEXT), type: t.BOOLEAN },
  lower: (args, call) => {
    const pattern = literalOf(call.args[1]);
    const escaping = call.args.length > 2 ? String(literalOf(call.args[2]) ?? '') : '\\';
    if (pattern === null) return d.nullOf('Boolean');
    if (typeof pattern === 'string') return like(arg(args, 0), pattern, escaping, ignoreCase);
    return computedLike(searched(args, call), arg(args, 1), ignoreCase);
  },
});

/** SIMILAR TO: LIKE's wildcards, and | * + ? {m} () [] as in regular expressions. */
export function similarRegex(pattern: string): string {
  const body = pattern.replace(/\\(.)|%|_|[.^$]/g, (whole, escaped: string | undefined) => {
    if (escaped !== undefined) return escapeRegex(escaped);
    return whole === '%' ? '.*' : whole === '_' ? '.' : `\\${whole}`;
  });
  return `(?s)^(?:${body})$`;
}

const constantPattern = (
  usage: string,
  lower: (node: Dsl, pattern: string) => Dsl,
): ScalarFunction => ({
  usage,
  resolve: (types, args) => {
    if (types.length !== 2) return undefined;
    const pattern = literalOf(args[1]);
    if (pattern !== null && typeof pattern !== 'string') return 'the pattern must be a constant';
    return { args: [t.TEXT, t.TEXT], type: t.BOOLEAN };
  },
  lower: (args, call) => {
    const pattern = literalOf(call.args[1]);
    return typeof pattern === 'string' ? lower(arg(args, 0), pattern) : d.nullOf('Boolean');
  },
});

/** PostgreSQL's and DuckDB's option letters as an inline group: i, s, m, x; g is the caller's. */
function withOptions(regex: string, options: unknown): string {
  const letters = typeof options === 'string' ? options.replace(/[^isx]/g, '') : '';
  return letters === '' ? regex : `(?${letters})${regex}`;
}

const patternOf = (call: CallExpression, optionsAt: number): string =>
  withOptions(String(literalOf(call.args[1])), literalOf(call.args[optionsAt]));

/** "\1" in SQL is "${1}" in the engine, whose "$" is "$$". */
export const replacement = (text: string): string =>
  text.replace(/\\(\d)|\\(.)|\$/g, (whole, group: string | undefined, plain: string | undefined) =>
    group !== undefined
      ? `\${${group}}`
      : plain !== undefined
        ? plain
        : whole === '$'
          ? '$$'
          : whole,
  );

const needsConstant = (args: readonly { kind: string }[], ...at: number[]): string | undefined =>
  at.some((index) => args[index] !== undefined && args[index]?.kind !== 'literal')
    ? 'the pattern and its options must be constants'
    : undefined;

export const PATTERNS: FunctionTable = {
  like: likeFunction('LIKE', false),
  ilike: likeFunction('ILIKE', true),
  similar: constantPattern('text SIMILAR TO pattern', (node, p) => matches(node, similarRegex(p))),
  '~': {
    ...fixed('text ~ regex', [t.TEXT, t.TEXT], t.BOOLEAN, (a, b) => contains(a, b, false)),
    lower: (args, call) => contains(searched(args, call), arg(args, 1), false),
  },
  '~*': constantPattern('text ~* regex', (node, p) => matches(node, `(?i)${p}`)),
  regexp_matches: {
    usage: 'regexp_matches(text, regex [, options])',
    resolve: (types, args) =>
      needsConstant(args, 2) ??
      (types.length < 2 || types.length > 3
        ? undefined
        : { args: types.map(() => t.TEXT), type: t.BOOLEAN }),
    lower: (args, call) =>
      call.args.length === 2
        ? contains(searched(args, call), arg(args, 1), false)
        : matches(arg(args, 0), patternOf(call, 2)),
  },
  regexp_full_match: constantPattern('regexp_full_match(text, regex)', (node, p) =>
    matches(node, `^(?:${p})$`),
  ),
  regexp_replace: {
    usage: 'regexp_replace(text, regex, replacement [, options])',
    resolve: (types, args) =>
      needsConstant(args, 1, 2, 3) ??
      (types.length < 3 || types.length > 4
        ? undefined
        : { args: types.map(() => t.TEXT), type: t.TEXT }),
    lower: (args, call) => {
      const global = String(literalOf(call.args[3]) ?? '').includes('g');
      const [pattern, by] = [literalOf(call.args[1]), literalOf(call.args[2])];
      if (pattern === null || by === null) return d.nullOf('String');
      return d.stringCall(
        { Replace: { n: global ? -1 : 1, literal: false } },
        arg(args, 0),
        // In parentheses: what Polars takes for a plain text it replaces without looking at \1.
        d.text(`(?:${patternOf(call, 3)})`),
        d.text(replacement(String(by))),
      );
    },
  },
  regexp_extract: {
    usage: 'regexp_extract(text, regex [, group])',
    resolve: (types, args) =>
      needsConstant(args, 1, 2) ??
      (types.length < 2 || types.length > 3
        ? undefined
        : { args: [t.TEXT, t.TEXT, t.INT64].slice(0, types.length), type: t.TEXT }),
    lower: (args, call) => {
      const group = Number(literalOf(call.args[2]) ?? 0);
      const found = d.stringCall({ Extract: group }, arg(args, 0), d.text(patternOf(call, 3)));
      // DuckDB: no match is the empty text, NULL only for NULL.
      return d.ternary(d.isNull(arg(args, 0)), d.nullOf('String'), d.coalesce(found, d.text('')));
    },
  },
};
