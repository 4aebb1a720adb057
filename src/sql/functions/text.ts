/** Functions of text; positions count characters from 1, as in SQL. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { Expression } from '../ir.ts';
import { rare } from '../rare.ts';
import * as t from '../types.ts';
import {
  arg,
  type FunctionTable,
  fixed,
  literalOf,
  repeatedFor,
  resolveFixed,
  type ScalarFunction,
  searched,
} from './function.ts';

const textToText = (usage: string, lower: (a: Dsl) => Dsl): ScalarFunction =>
  fixed(usage, [t.TEXT], t.TEXT, lower);
const int = (node: Dsl): Dsl => d.cast(node, 'Int64');
const lengthOf = (node: Dsl): Dsl => int(d.stringCall('LenChars', node));
const concat = (nodes: readonly Dsl[], delimiter = '', ignoreNulls = false): Dsl =>
  d.stringCall({ ConcatHorizontal: { delimiter, ignore_nulls: ignoreNulls } }, ...nodes);

/** a || b || c is one concatenation of three, however it was nested. */
function joined(nodes: readonly Dsl[]): Dsl {
  const flat = nodes.flatMap((node) => {
    const inner =
      typeof node === 'string' ? undefined : (node['Function'] as FlatConcat | undefined);
    return inner?.function?.StringExpr?.ConcatHorizontal?.ignore_nulls === false
      ? inner.input
      : [node];
  });
  return concat(flat);
}

interface FlatConcat {
  readonly input: readonly Dsl[];
  readonly function?: {
    readonly StringExpr?: { readonly ConcatHorizontal?: { readonly ignore_nulls: boolean } };
  };
}

/** From the 1-based `start`, which may lie before the text; a negative one counts from the end. */
function substring(node: Dsl, start: Dsl, length?: Dsl): Dsl {
  const zero = d.int64(0);
  const one = d.int64(1);
  const begin = d.ternary(
    d.binary('Lt', start, zero),
    d.binary('Plus', lengthOf(node), start),
    d.binary('Minus', start, one),
  );
  const from = d.call('MaxHorizontal', begin, zero);
  if (length === undefined) return d.stringCall('Slice', node, from, d.nullOf('UInt64'));
  const end = d.binary('Plus', begin, length);
  const count = d.call('MaxHorizontal', d.binary('Minus', end, from), zero);
  const slice = d.stringCall('Slice', node, from, d.cast(count, 'UInt64'));
  const unknown = d.or(d.isNull(start), d.isNull(length));
  return d.ternary(unknown, d.nullOf('String'), slice);
}

/** Polars replaces constants by constants only: else it is a function of rows. */
const replace: ScalarFunction = {
  ...fixed('replace(text, from, to)', [t.TEXT, t.TEXT, t.TEXT], t.TEXT, (a, from, to) =>
    d.stringCall({ Replace: { n: -1, literal: true } }, a, from, to),
  ),
  resolve: (types, args) => {
    // What computes by rows is not loaded for the sake of constants.
    if (!isPlainReplace(args)) rare();
    return resolveFixed([t.TEXT, t.TEXT, t.TEXT], t.TEXT, 0)(types, args);
  },
  byRow: ({ args }) =>
    isPlainReplace(args)
      ? undefined
      : { work: ([a = '', from = '', to = '']) => (from === '' ? a : a.split(from).join(to)) },
};

/** An empty search text leaves the text as it is in SQL; Polars would put `to` everywhere. */
function isPlainReplace([, from, to]: readonly Expression[]): boolean {
  const [wanted, by] = [literalOf(from), literalOf(to)];
  return typeof wanted === 'string' && wanted !== '' && typeof by === 'string';
}

/** 1-based position in characters, 0 when absent. */
function position(node: Dsl, wanted: Dsl): Dsl {
  const repeated = repeatedFor(wanted, node);
  const before = d.stringCall({ SplitN: 2 }, repeated, wanted);
  const head = d.call({ StructExpr: { FieldByName: 'field_0' } }, before);
  const found = d.stringCall({ Contains: { literal: true, strict: true } }, repeated, wanted);
  const at = d.binary('Plus', lengthOf(head), d.int64(1));
  const empty = d.binary('Eq', wanted, d.text(''));
  const result = d.ternary(empty, d.int64(1), d.ternary(found, at, d.int64(0)));
  return d.ternary(d.or(d.isNull(node), d.isNull(wanted)), d.nullOf('Int64'), result);
}

/** With a third argument the fill is a text, repeated; SQL cuts a longer text to the length. */
function pad(side: 'left' | 'right'): ScalarFunction['lower'] {
  return (args) => {
    const [node, length, fill] = [arg(args, 0), arg(args, 1), args[2] ?? d.text(' ')];
    const fits = d.stringCall('Slice', node, d.int64(0), d.cast(length, 'UInt64'));
    const missing = d.call('MaxHorizontal', d.binary('Minus', length, lengthOf(node)), d.int64(0));
    const repeated = d.listCall(
      { Join: true },
      d.call('RepeatBy', fill, d.cast(missing, 'UInt32')),
      d.text(''),
    );
    const filling = d.stringCall('Slice', repeated, d.int64(0), d.cast(missing, 'UInt64'));
    return concat(side === 'left' ? [filling, fits] : [fits, filling]);
  };
}

const padFunction = (name: string, side: 'left' | 'right'): ScalarFunction => ({
  usage: `${name}(text, length [, fill])`,
  resolve: (types) =>
    types.length === 2 || types.length === 3
      ? { args: [t.TEXT, t.INT64, t.TEXT].slice(0, types.length), type: t.TEXT }
      : undefined,
  lower: pad(side),
});

const trim = (name: string, variant: string): ScalarFunction => ({
  usage: `${name}(text [, characters])`,
  resolve: (types) =>
    types.length === 1 || types.length === 2
      ? { args: types.map(() => t.TEXT), type: t.TEXT }
      : undefined,
  lower: (args) => d.stringCall(variant, arg(args, 0), args[1] ?? d.text(' ')),
});

const anyToText = (
  usage: string,
  least: number,
  lower: (args: readonly Dsl[]) => Dsl,
): ScalarFunction => ({
  usage,
  resolve: (types) =>
    types.length >= least ? { args: types.map(() => t.TEXT), type: t.TEXT } : undefined,
  lower,
});

const predicate = (usage: string, variant: unknown): ScalarFunction => ({
  ...fixed(usage, [t.TEXT, t.TEXT], t.BOOLEAN, (a, b) => d.stringCall(variant, a, b)),
  lower: (args, call) => d.stringCall(variant, searched(args, call), arg(args, 1)),
});

const substr: ScalarFunction = {
  usage: 'substr(text, start [, length])',
  resolve: (types) =>
    types.length === 2 || types.length === 3
      ? { args: [t.TEXT, t.INT64, t.INT64].slice(0, types.length), type: t.TEXT }
      : undefined,
  lower: (args) => substring(arg(args, 0), arg(args, 1), args[2]),
};

const split = (node: Dsl, by: Dsl): Dsl => d.stringCall({ Split: false }, node, by);

function splitPart(node: Dsl, by: Dsl, index: Dsl): Dsl {
  const at = d.ternary(
    d.binary('Gt', index, d.int64(0)),
    d.binary('Minus', index, d.int64(1)),
    index,
  );
  const part = d.coalesce(d.listCall({ Get: true }, split(node, by), at), d.text(''));
  return d.ternary(d.or(d.isNull(node), d.isNull(by), d.isNull(index)), d.nullOf('String'), part);
}

const left = (node: Dsl, count: Dsl): Dsl => {
  const size = d.ternary(
    d.binary('Lt', count, d.int64(0)),
    d.call('MaxHorizontal', d.binary('Plus', lengthOf(node), count), d.int64(0)),
    count,
  );
  return d.stringCall('Slice', node, d.int64(0), d.cast(size, 'UInt64'));
};
const right = (node: Dsl, count: Dsl): Dsl => {
  const size = d.ternary(
    d.binary('Lt', count, d.int64(0)),
    d.binary('Plus', lengthOf(node), count),
    count,
  );
  const kept = d.call('MaxHorizontal', d.call('MinHorizontal', size, lengthOf(node)), d.int64(0));
  return d.stringCall('Slice', node, d.binary('Minus', lengthOf(node), kept), d.nullOf('UInt64'));
};

const length: ScalarFunction = {
  usage: 'length(text)',
  resolve: ([a]) =>
    a?.kind === 'list' || a?.kind === 'map'
      ? { args: [a], type: t.INT64 }
      : a && { args: [t.TEXT], type: t.INT64 },
  lower: (args, call) =>
    call.args[0]?.type.kind === 'list' || call.args[0]?.type.kind === 'map'
      ? int(d.listCall('Length', arg(args, 0)))
      : lengthOf(arg(args, 0)),
};
const bytes = fixed('octet_length(text)', [t.TEXT], t.INT64, (a) =>
  int(d.stringCall('LenBytes', a)),
);

export const TEXTS: FunctionTable = {
  '||': {
    usage: 'text || text',
    resolve: ([a, b]) => {
      if (a === undefined || b === undefined) return undefined;
      if (a.kind === 'list' && b.kind === 'list') {
        const common = t.commonType(a, b);
        return common && { args: [common, common], type: common };
      }
      return { args: [t.TEXT, t.TEXT], type: t.TEXT };
    },
    lower: (args, call) =>
      call.type.kind === 'list' ? d.listCall('Concat', ...args) : joined(args),
  },
  upper: textToText('upper(text)', (a) => d.stringCall('Uppercase', a)),
  lower: textToText('lower(text)', (a) => d.stringCall('Lowercase', a)),
  initcap: textToText('initcap(text)', (a) => d.stringCall('Titlecase', a)),
  reverse: textToText('reverse(text)', (a) => d.stringCall('Reverse', a)),
  length,
  octet_length: bytes,
  substr,
  left: fixed('left(text, count)', [t.TEXT, t.INT64], t.TEXT, left),
  right: fixed('right(text, count)', [t.TEXT, t.INT64], t.TEXT, right),
  trim: trim('trim', 'StripChars'),
  ltrim: trim('ltrim', 'StripCharsStart'),
  rtrim: trim('rtrim', 'StripCharsEnd'),
  lpad: padFunction('lpad', 'left'),
  rpad: padFunction('rpad', 'right'),
  replace,
  repeat: fixed('repeat(text, times)', [t.TEXT, t.INT64], t.TEXT, (a, n) => {
    const times = d.cast(d.call('MaxHorizontal', n, d.int64(0)), 'UInt32');
    return d.ternary(
      d.or(d.isNull(a), d.isNull(n)),
      d.nullOf('String'),
      d.listCall({ Join: true }, d.call('RepeatBy', a, times), d.text('')),
    );
  }),
  concat: anyToText('concat(value, ...)', 1, (args) =>
    concat(args.map((each) => d.coalesce(each, d.text('')))),
  ),
  concat_ws: anyToText('concat_ws(separator, value, ...)', 2, (args) => {
    const list = d.listCall('Concat', ...args.slice(1).map((each) => d.call('AsList', each)));
    return d.listCall({ Join: true }, list, arg(args, 0));
  }),
  strpos: fixed('strpos(text, wanted)', [t.TEXT, t.TEXT], t.INT64, position),
  position: fixed('position(wanted IN text)', [t.TEXT, t.TEXT], t.INT64, position),
  starts_with: predicate('starts_with(text, start)', 'StartsWith'),
  ends_with: predicate('ends_with(text, end)', 'EndsWith'),
  contains: predicate('contains(text, wanted)', { Contains: { literal: true, strict: true } }),
  split_part: fixed(
    'split_part(text, separator, index)',
    [t.TEXT, t.TEXT, t.INT64],
    t.TEXT,
    splitPart,
  ),
  string_split: fixed(
    'string_split(text, separator)',
    [t.TEXT, t.TEXT],
    { kind: 'list', of: t.TEXT },
    split,
  ),
};

/** Other names of the same functions. */
export const TEXT_ALIASES: Readonly<Record<string, string>> = {
  ucase: 'upper',
  lcase: 'lower',
  char_length: 'length',
  character_length: 'length',
  len: 'length',
  strlen: 'octet_length',
  substring: 'substr',
  btrim: 'trim',
  instr: 'strpos',
  prefix: 'starts_with',
  suffix: 'ends_with',
  str_split: 'string_split',
  split: 'string_split',
  regexp_like: 'regexp_matches',
};
