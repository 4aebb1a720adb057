/** Which format some bytes are in: by what they begin with, then by the name. */
import { NairobiError } from '../errors.ts';
import { utf8Head } from './transcoder.ts';

export const FORMAT_NAMES = [
  'csv',
  'tsv',
  'psv',
  'ndjson',
  'json',
  'parquet',
  'arrow',
  'arrow-stream',
  'avro',
  'sqlite',
] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export type Compression = 'gz' | 'zst' | 'bz2' | 'xz' | 'lz4';

/** How many bytes of a file `detect` can make use of. */
export const DETECT_BYTES = 4096;

type Magic<T> = readonly (readonly [name: T, bytes: readonly number[]])[];

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

const LZ4_MAGIC = [0x04, 0x22, 0x4d, 0x18];

const COMPRESSIONS: Magic<Compression> = [
  ['gz', [0x1f, 0x8b]],
  ['zst', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bz2', ascii('BZh')],
  ['xz', [0xfd, ...ascii('7zXZ'), 0x00]],
  ['lz4', LZ4_MAGIC],
];

const BINARY_FORMATS: Magic<FormatName> = [
  ['parquet', ascii('PAR1')],
  ['arrow', ascii('ARROW1')],
  ['arrow-stream', [0xff, 0xff, 0xff, 0xff]],
  ['avro', [...ascii('Obj'), 0x01]],
  ['sqlite', [...ascii('SQLite format 3'), 0x00]],
];

/** What people pass by mistake, with what to do about it. */
const FOREIGN: readonly (readonly [what: string, bytes: readonly number[], hint: string])[] = [
  ['a ZIP archive (perhaps an .xlsx)', [0x50, 0x4b, 0x03, 0x04], 'unpack it, or save it as CSV'],
  ['an old Excel file', [0xd0, 0xcf, 0x11, 0xe0], 'save it as CSV'],
  ['an LZ4 file of the legacy format', [0x02, 0x21, 0x4c, 0x18], 'pipe it in: lz4 -dc FILE'],
  ['a compress(1) file', [0x1f, 0x9d], 'pipe it in: gzip -dc FILE'],
  ['a 7z archive', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'unpack it'],
  ['an executable', [0x7f, ...ascii('ELF')], 'name a data file'],
  ['a PDF', ascii('%PDF'), 'name a data file'],
  ['a PNG picture', [0x89, ...ascii('PNG')], 'name a data file'],
  ['a JPEG picture', [0xff, 0xd8, 0xff], 'name a data file'],
  ['an encrypted Parquet file', ascii('PARE'), 'decrypt it first: no key can be given here'],
  ['an ORC file', ascii('ORC'), 'convert it to Parquet'],
  ['an HDF5 file', [0x89, ...ascii('HDF')], 'convert it to Parquet'],
];

/** The magic of tar(5) lies behind the name and numbers of its first file. */
const TAR = { at: 257, magic: ascii('ustar') } as const;

/** What a server answers in place of a file. */
const PAGE_HEAD_BYTES = 64;
const PAGE = /^\s*<(!doctype html|html[\s>])/i;

/** Texts whose lines would pass for delimited ones. The first line and the second tell. */
const FOREIGN_TEXTS: readonly (readonly [what: string, begins: RegExp, hint: string])[] = [
  [
    "Prometheus' text format",
    /^# (HELP|TYPE) [A-Za-z_:][\w:]* .*\r?\n(# (HELP|TYPE) |[A-Za-z_:][\w:]*[ {])/,
    'ask Prometheus for the values: its HTTP API answers in JSON',
  ],
  [
    'InfluxDB line protocol',
    /^([^\s,"=]+(,[^\s,"=]+=[^\s,"=]+)* [^\s,"=]+=\S+ \d{10,19}\r?\n){2}/,
    'make a table of it first: nairobi ingest FILE --input-format influx -o FILE.parquet',
  ],
];

const EXTENSIONS: Readonly<Record<string, FormatName>> = {
  csv: 'csv',
  txt: 'csv',
  dat: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  psv: 'psv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  jsonlines: 'ndjson',
  ldjson: 'ndjson',
  json: 'json',
  parquet: 'parquet',
  pq: 'parquet',
  arrow: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
  arrows: 'arrow-stream',
  avro: 'avro',
  sqlite: 'sqlite',
  sqlite3: 'sqlite',
  db: 'sqlite',
};

const COMPRESSION_EXTENSION = /\.(gz|gzip|zst|zstd|bz2|xz|lz4)$/i;

const startsWith = (head: Uint8Array, magic: readonly number[]): boolean =>
  head.length >= magic.length && magic.every((byte, index) => head[index] === byte);

/**
 * Frames of zstd and lz4 may begin with ones to pass over (0x184D2A50 to 5F, then a length), as
 * those of pzstd do. Where the first other one is not in the head it is taken for one of zstd.
 */
function behindSkippable(head: Uint8Array): Compression | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let at = 0;
  while (at + 8 <= head.length && view.getUint32(at, true) >>> 4 === 0x184d2a5) {
    at += 8 + view.getUint32(at + 4, true);
  }
  if (at === 0) return undefined;
  return startsWith(head.subarray(at), LZ4_MAGIC) ? 'lz4' : 'zst';
}

/** The compression the bytes begin with, whatever the name says; undefined for none known. */
export function detectCompression(head: Uint8Array): Compression | undefined {
  const found = COMPRESSIONS.find(([, magic]) => startsWith(head, magic));
  if (found === undefined) return behindSkippable(head);
  if (found?.[0] === 'bz2' && !/[1-9]/.test(String.fromCharCode(head[3] ?? 0))) return undefined;
  return found?.[0];
}

/** Whether bytes that come may still turn out to be compressed. */
export const mayBeCompressed = (head: Uint8Array): boolean =>
  COMPRESSIONS.some(
    ([, magic]) => head.length <= magic.length && head.every((byte, at) => byte === magic[at]),
  );

/**
 * The compression whose magic the content ends in the middle of: the name says so, or the bytes are
 * no text. Such a file has lost all but its first bytes.
 */
function cutCompression(path: string | undefined, head: Uint8Array): Compression | undefined {
  const extension = COMPRESSION_EXTENSION.exec(path ?? '')?.[1]?.toLowerCase() ?? '';
  const isOdd = head.some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20) || byte > 0x7e);
  const found = COMPRESSIONS.find(
    ([name, magic]) =>
      head.length > 0 &&
      head.length <= magic.length &&
      head.every((byte, index) => byte === magic[index]) &&
      (isOdd || extension.startsWith(name)),
  );
  return found?.[0];
}

/** The format a name promises, looking through a compression's extension; undefined when none. */
export function formatOfName(path: string | undefined): FormatName | undefined {
  const name = path?.replace(COMPRESSION_EXTENSION, '') ?? '';
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase();
  return extension === undefined ? undefined : EXTENSIONS[extension];
}

/**
 * The format of decompressed bytes. Magic bytes win; then the name; then a look at the text.
 * Throws BAD_DATA for what cannot be a table (a picture, an archive, a program), with a hint.
 */
export function detect(path: string | undefined, head: Uint8Array): FormatName {
  const binary = BINARY_FORMATS.find(([, magic]) => startsWith(head, magic));
  if (binary !== undefined) return binary[0];
  const where: { where?: { file: string } } = path === undefined ? {} : { where: { file: path } };
  const cut = cutCompression(path, head);
  if (cut !== undefined) {
    const message = `It ends in the middle of its ${cut} data (at byte ${head.length})`;
    throw new NairobiError('BAD_DATA', message, {
      hint: 'the file was cut short: copy it again',
      where: { ...where.where, byte: head.length },
    });
  }
  if (startsWith(head.subarray(TAR.at), TAR.magic)) {
    throw new NairobiError('BAD_DATA', 'This is a tar archive, not a table', {
      hint: 'unpack it, or pipe a file of it in: tar -xOf FILE NAME',
      ...where,
    });
  }
  const foreign = FOREIGN.find(([, magic]) => startsWith(head, magic));
  if (foreign !== undefined) {
    throw new NairobiError('BAD_DATA', `This is ${foreign[0]}, not a table`, {
      hint: foreign[2],
      ...where,
    });
  }
  const text = utf8Head(Buffer.from(head.buffer, head.byteOffset, head.byteLength));
  if (PAGE.test(text.toString('latin1', 0, PAGE_HEAD_BYTES))) {
    throw new NairobiError('BAD_DATA', 'This is an HTML page, not a table', {
      hint: 'look at it: where data was to be fetched, the server may have said why it gave none',
      ...where,
    });
  }
  const begins = text.toString('latin1');
  const foreignText = FOREIGN_TEXTS.find(([, pattern]) => pattern.test(begins));
  if (foreignText !== undefined) {
    throw new NairobiError('BAD_DATA', `This is ${foreignText[0]}, not a table`, {
      hint: foreignText[2],
      ...where,
    });
  }
  const named = formatOfName(path);
  if (named !== undefined && isText(named)) return named === 'json' ? jsonKind(text) : named;
  if (named !== undefined && head.length > 0) {
    throw new NairobiError('BAD_DATA', `The name says ${named}, but the bytes are not ${named}`, {
      hint: 'check that the file is complete, or name its format with --input-format',
      ...where,
    });
  }
  return named ?? textKind(text);
}

export function isText(format: FormatName): boolean {
  return isDelimited(format) || format === 'json' || format === 'ndjson';
}

export function isDelimited(format: FormatName): boolean {
  return format === 'csv' || format === 'tsv' || format === 'psv';
}

/** Text that begins like JSON is JSON; everything else is delimited. */
function textKind(head: Uint8Array): FormatName {
  const first = firstByte(head);
  return first === 0x7b || first === 0x5b ? jsonKind(head) : 'csv';
}

/** One array or one object over many lines is "json"; an object a line is "ndjson". */
function jsonKind(head: Uint8Array): FormatName {
  if (firstByte(head) !== 0x7b) return 'json';
  const [first = '', second] = Buffer.from(head).toString('utf8').trimStart().split(/\r?\n/, 2);
  try {
    JSON.parse(first);
  } catch {
    return 'json';
  }
  return second === undefined ? 'ndjson' : /^\s*(\{|$)/.test(second) ? 'ndjson' : 'json';
}

function firstByte(head: Uint8Array): number | undefined {
  const start = startsWith(head, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  return head
    .subarray(start)
    .find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
}
