/** Digests, codes and bases of text. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type FunctionTable, RowError, type ScalarFunction } from '../functions/function.ts';
import * as t from '../types.ts';
import { byRow, neverLowered, numberOf } from './by-row.ts';

const digest = (name: string): ScalarFunction =>
  byRow(`${name}(text)`, [t.TEXT], t.TEXT, ([text = '']) =>
    createHash(name).update(text).digest('hex'),
  );

/** Of the first character; `none` of an empty text. */
const code = (name: string, none: number): ScalarFunction =>
  byRow(`${name}(text)`, [t.TEXT], t.INT32, ([text = '']) => text.codePointAt(0) ?? none);

const uuid = (name: string, make: () => string): ScalarFunction =>
  byRow(`${name}()`, [], t.TEXT, make, { volatile: true, nulls: true });

/** RFC 9562: 48 bits of milliseconds, then random bits. */
function uuidv7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** RFC 3986: everything but what is unreserved. */
const urlEncode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** What is no escape stays as it is; bytes that are no UTF-8 are refused. */
function urlDecode(text: string): string {
  try {
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => decodeURIComponent(run));
  } catch {
    throw new RowError(`the escapes in "${text}" are not UTF-8`);
  }
}

const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const EIGHTHS = 8;

function bar([x, least, most, width]: readonly string[]): string {
  const cells = width === undefined ? 80 : numberOf(width);
  if (!(cells >= 1 && cells <= 1000)) throw new RowError('the width is from 1 to 1000');
  const share = (numberOf(x) - numberOf(least)) / (numberOf(most) - numberOf(least));
  const wide = Number.isNaN(share) ? 0 : Math.min(Math.max(share, 0), 1) * cells;
  const eighths = Math.floor(wide * EIGHTHS);
  const full = Math.floor(eighths / EIGHTHS);
  const text = '█'.repeat(full) + (BLOCKS[eighths % EIGHTHS] ?? '');
  return text + ' '.repeat(Math.max(0, Math.ceil(cells) - [...text].length));
}

/** Two's complement of a negative integer, as its type has it. */
const unsigned = (text: string): bigint => BigInt.asUintN(64, BigInt(text));

/** In base 16 or 2: an integer's digits, or those of a text's bytes. */
const digits = (name: string, base: 16 | 2): ScalarFunction => ({
  usage: `${name}(text or integer)`,
  resolve: ([a, more]) => {
    if (a === undefined || more !== undefined) return undefined;
    if (a.kind === 'text' || a.kind === 'null') return { args: [t.TEXT], type: t.TEXT };
    return a.kind === 'integer' ? { args: [t.INT64], type: t.TEXT } : undefined;
  },
  lower: neverLowered,
  byRow: ({ args }) => ({
    work: ([value = '']) => {
      if (args[0]?.type.kind === 'integer') return unsigned(value).toString(base).toUpperCase();
      const width = base === 16 ? 2 : 8;
      const bytes = [...Buffer.from(value)];
      return bytes
        .map((byte) => byte.toString(base).padStart(width, '0'))
        .join('')
        .toUpperCase();
    },
  }),
});

function toBase([value = '', base = '', width = '0']: readonly string[]): string {
  const number = BigInt(value);
  const radix = Number(base);
  if (number < 0n) throw new RowError('the number must not be negative');
  if (!(radix >= 2 && radix <= 36)) throw new RowError('the base is from 2 to 36');
  if (!(Number(width) >= 0 && Number(width) <= 64))
    throw new RowError('the length is from 0 to 64');
  return number.toString(radix).toUpperCase().padStart(Number(width), '0');
}

function character(text: string): string {
  const point = Number(text);
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  if (!(point >= 0 && point <= 0x10ffff) || isSurrogate)
    throw new RowError(`${text} is no character`);
  return String.fromCodePoint(point);
}

function translated([text = '', from = '', to = '']: readonly string[]): string {
  const targets = [...to];
  const by = new Map<string, string>();
  for (const [index, one] of [...from].entries()) {
    if (!by.has(one)) by.set(one, targets[index] ?? '');
  }
  return [...text].map((one) => by.get(one) ?? one).join('');
}

const BINARY = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const DECIMAL = ['kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** As DuckDB writes sizes: one digit behind the point, cut off. */
function formatBytes(text: string, names: readonly string[], step: bigint): string {
  const value = BigInt(text);
  const size = value < 0n ? -value : value;
  const sign = value < 0n ? '-' : '';
  if (size < step) return `${sign}${size} ${size === 1n ? 'byte' : 'bytes'}`;
  let power = 0;
  let unit = step;
  while (size >= unit * step && power < names.length - 1) {
    unit *= step;
    power += 1;
  }
  return `${sign}${size / unit}.${((size % unit) * 10n) / unit} ${names[power]}`;
}

const chr = byRow('chr(code)', [t.INT64], t.TEXT, ([point = '']) => character(point));

export const ROW_TEXTS: FunctionTable = {
  md5: digest('md5'),
  sha1: digest('sha1'),
  sha256: digest('sha256'),
  ascii: code('ascii', 0),
  unicode: code('unicode', -1),
  uuid: uuid('uuid', () => randomUUID()),
  uuidv7: uuid('uuidv7', uuidv7),
  url_encode: byRow('url_encode(text)', [t.TEXT], t.TEXT, ([text = '']) => urlEncode(text)),
  url_decode: byRow('url_decode(text)', [t.TEXT], t.TEXT, ([text = '']) => urlDecode(text)),
  bar: byRow(
    'bar(number, min, max [, width])',
    [t.FLOAT64, t.FLOAT64, t.FLOAT64, t.FLOAT64],
    t.TEXT,
    bar,
    { optional: 1 },
  ),
  hex: digits('hex', 16),
  bin: digits('bin', 2),
  to_base: byRow('to_base(integer, base [, length])', [t.INT64, t.INT64, t.INT64], t.TEXT, toBase, {
    optional: 1,
  }),
  chr,
  translate: byRow('translate(text, from, to)', [t.TEXT, t.TEXT, t.TEXT], t.TEXT, translated),
  format_bytes: byRow('format_bytes(integer)', [t.INT64], t.TEXT, ([bytes = '']) =>
    formatBytes(bytes, BINARY, 1024n),
  ),
  formatreadabledecimalsize: byRow(
    'formatReadableDecimalSize(integer)',
    [t.INT64],
    t.TEXT,
    ([bytes = '']) => formatBytes(bytes, DECIMAL, 1000n),
  ),
};

export const ROW_TEXT_ALIASES: Readonly<Record<string, string>> = {
  gen_random_uuid: 'uuid',
  uuidv4: 'uuid',
  ord: 'unicode',
  to_hex: 'hex',
  formatreadablesize: 'format_bytes',
  pg_size_pretty: 'format_bytes',
  to_binary: 'bin',
};
