/** Functions of text and numbers that few queries use. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { arg, type FunctionTable, fixed, literalOf, type ScalarFunction } from './function.ts';

const LIST = t.listOf(t.TEXT);
const concat = (nodes: readonly Dsl[]): Dsl =>
  d.stringCall({ ConcatHorizontal: { delimiter: '', ignore_nulls: false } }, ...nodes);
const replaced = (node: Dsl, regex: string, by: string): Dsl =>
  d.stringCall({ Replace: { n: -1, literal: false } }, node, d.text(regex), d.text(by));
const normalized = (node: Dsl, form: string): Dsl => d.stringCall({ Normalize: { form } }, node);

/** The part of a path that a regular expression leaves. */
const ofPath = (name: string, lower: (path: Dsl) => Dsl): ScalarFunction =>
  fixed(`${name}(path)`, [t.TEXT], t.TEXT, lower);

/** format('{} of {}', a, b) and printf('%s of %d', a, b): values put in as their text. */
const inserted = (name: string, hole: RegExp): ScalarFunction => ({
  usage: name === 'format' ? "format('{} {}', value, ...)" : "printf('%s %d', value, ...)",
  resolve: (types, args) => {
    const format = literalOf(args[0]);
    if (typeof format !== 'string') return 'the format must be a constant';
    const holes = format.match(hole) ?? [];
    const others = format.replace(hole, '').replace(/\{\{|\}\}|%%/g, '');
    const mark = name === 'format' ? /[{}]/ : /%/;
    if (mark.test(others))
      return `only ${name === 'format' ? '{}' : '%s, %d and %i'} can be put in`;
    if (holes.length !== types.length - 1) return `${holes.length} values are wanted`;
    return { args: types.map(() => t.TEXT), type: t.TEXT };
  },
  lower: (args, call) => {
    const texts = String(literalOf(call.args[0])).split(hole);
    const nodes = texts.flatMap((text, index) => {
      const plain = d.text(text.replaceAll('{{', '{').replaceAll('}}', '}').replaceAll('%%', '%'));
      return index === 0 ? [plain] : [arg(args, index), plain];
    });
    return concat(nodes);
  },
});

const whole = (usage: string, lower: (a: Dsl, b: Dsl) => Dsl): ScalarFunction => ({
  usage,
  resolve: (types) =>
    types.length === 2 && types.every((type) => type.kind === 'integer' || type.kind === 'null')
      ? { args: [t.INT64, t.INT64], type: t.INT64 }
      : undefined,
  lower: (args) => lower(arg(args, 0), arg(args, 1)),
});

const power = (by: Dsl): Dsl =>
  d.cast(d.call({ Pow: 'Generic' }, d.float64(2), d.cast(by, 'Float64')), 'Int128');

const binary = (usage: string, from: SqlType, to: SqlType, variant: unknown): ScalarFunction =>
  fixed(usage, [from], to, (a) => d.call({ BinaryExpr: variant }, a));

export const MORE_TEXTS: FunctionTable = {
  string_split_regex: fixed('string_split_regex(text, regex)', [t.TEXT, t.TEXT], LIST, (a, b) =>
    d.stringCall({ SplitRegex: { inclusive: false, strict: true } }, a, b),
  ),
  regexp_extract_all: fixed('regexp_extract_all(text, regex)', [t.TEXT, t.TEXT], LIST, (a, b) =>
    d.stringCall('ExtractAll', a, b),
  ),
  regexp_escape: fixed('regexp_escape(text)', [t.TEXT], t.TEXT, (a) =>
    d.stringCall('EscapeRegex', a),
  ),
  nfc_normalize: fixed('nfc_normalize(text)', [t.TEXT], t.TEXT, (a) => normalized(a, 'NFC')),
  strip_accents: fixed('strip_accents(text)', [t.TEXT], t.TEXT, (a) =>
    normalized(replaced(normalized(a, 'NFD'), '\\p{Mn}', ''), 'NFC'),
  ),
  format: inserted('format', /\{\}/g),
  printf: inserted('printf', /%[sdi]/g),
  parse_filename: ofPath('parse_filename', (a) => replaced(a, '^.*[/\\\\]', '')),
  parse_dirpath: ofPath('parse_dirpath', (a) => replaced(a, '[/\\\\]?[^/\\\\]*$', '')),
  bit_length: fixed('bit_length(text)', [t.TEXT], t.INT64, (a) =>
    d.binary('Multiply', d.cast(d.stringCall('LenBytes', a), 'Int64'), d.int64(8)),
  ),
  base64: binary('base64(blob)', t.BINARY, t.TEXT, 'Base64Encode'),
  from_base64: fixed('from_base64(text)', [t.TEXT], t.BINARY, (a) =>
    d.stringCall({ Base64Decode: true }, a),
  ),
  unhex: fixed('unhex(text)', [t.TEXT], t.BINARY, (a) => d.stringCall({ HexDecode: true }, a)),
  '~not': {
    usage: '~ integer',
    resolve: ([a]) => (a?.kind === 'integer' ? { args: [t.INT64], type: t.INT64 } : undefined),
    lower: (args) => d.binary('Minus', d.int64(-1), arg(args, 0)),
  },
  '<<': whole('integer << integer', (a, b) =>
    d.cast(d.binary('Multiply', d.cast(a, 'Int128'), power(b)), 'Int64', true),
  ),
  '>>': whole('integer >> integer', (a, b) =>
    d.cast(d.binary('FloorDivide', d.cast(a, 'Int128'), power(b)), 'Int64'),
  ),
  even: fixed('even(number)', [t.FLOAT64], t.FLOAT64, (a) => {
    const half = d.call('Ceil', d.binary('TrueDivide', d.call('Abs', a), d.float64(2)));
    const size = d.binary('Multiply', half, d.float64(2));
    return d.ternary(d.binary('Lt', a, d.float64(0)), d.binary('Minus', d.float64(0), size), size);
  }),
  /** By a hash of the row's number: the argument is the call's own seed. */
  random: {
    usage: 'random()',
    resolve: () => undefined,
    lower: (_, call) => {
      const seed = Number(literalOf(call.args[0])) >>> 0;
      const row = d.intRange(d.int64(0), d.len);
      const hash = d.call({ Hash: [seed, 0x5bd1e995, 0x27d4eb2f, 0x165667b1] }, row);
      return d.binary('TrueDivide', d.cast(hash, 'Float64'), d.float64(2 ** 64));
    },
  },
};

export const MORE_TEXT_ALIASES: Readonly<Record<string, string>> = {
  str_split_regex: 'string_split_regex',
  regexp_split_to_array: 'string_split_regex',
  string_to_array: 'string_split',
  to_base64: 'base64',
  from_hex: 'unhex',
  add: '+',
  subtract: '-',
  multiply: '*',
  divide: '//',
  '@': 'abs',
  date_add: '+',
  left_grapheme: 'left',
  right_grapheme: 'right',
  length_grapheme: 'length',
  substring_grapheme: 'substr',
};
