/** Text encodings: what a byte-order mark or the user says, made UTF-8. */
import { isUtf8 } from 'node:buffer';
import { NairobiError } from '../errors.ts';
import { MiB } from '../units.ts';
import { type FormatName, isText } from './detect.ts';
import type { Encoding, ReadOptions } from './options.ts';
import { detectEncoding, type OtherEncoding, Transcoder } from './transcoder.ts';

/** Transcoding makes a copy outside the pool: bounded, so that it cannot take the host down. */
const MAX_TRANSCODED_BYTES = 512 * MiB;

/** What a content that begins so has to be made UTF-8 from; undefined for UTF-8 and no text. */
export function otherEncoding(
  head: Uint8Array,
  format: FormatName,
  options: ReadOptions,
): OtherEncoding | undefined {
  const encoding = options.encoding ?? detectEncoding(head);
  return encoding === 'utf8' || !isText(format) ? undefined : encoding;
}

/** The text as UTF-8 with `path` for errors; the same buffer when it is so already. */
export function toUtf8(bytes: Buffer, encoding: Encoding, path: string): Buffer {
  if (encoding === 'utf8') return bytes;
  if (bytes.length > MAX_TRANSCODED_BYTES) {
    throw new NairobiError('NOT_SUPPORTED', `A text this long in ${encoding} is not transcoded`, {
      hint: `make it UTF-8 first: iconv -f ${encoding === 'latin1' ? 'ISO-8859-1' : 'UTF-16'} -t UTF-8`,
      where: { file: path },
    });
  }
  return new Transcoder(encoding).push(bytes, true);
}

/** What is looked at for bytes that no text has. */
const TEXT_HEAD_BYTES = 64 * 1024;

/** Throws BAD_DATA where the first bytes of what should be delimited text are no text. */
export function requireText(text: Buffer, path?: string): void {
  const byte = text.subarray(0, TEXT_HEAD_BYTES).indexOf(0);
  if (byte < 0) return;
  throw new NairobiError('BAD_DATA', 'This is binary data, not text', {
    where: path === undefined ? { byte } : { file: path, byte },
    hint: 'name a CSV, JSON, Parquet, Arrow, Avro or SQLite file',
  });
}

/** Offset of the first byte that is not UTF-8, or undefined when all is. */
function firstInvalidUtf8(bytes: Buffer): number | undefined {
  if (isUtf8(bytes)) return undefined;
  let good = 0;
  let end = bytes.length;
  // The longest valid prefix lies in [good, end): halve until it is short, then go byte by byte.
  while (end - good > 16) {
    const middle = good + ((end - good) >> 1);
    const cut = characterStart(bytes, middle);
    if (cut > good && isUtf8(bytes.subarray(good, cut))) good = cut;
    else end = middle;
  }
  while (good < bytes.length) {
    const length = characterLength(bytes[good] ?? 0);
    if (length === 0 || !isUtf8(bytes.subarray(good, good + length))) return good;
    good += length;
  }
  return good;
}

function characterStart(bytes: Buffer, at: number): number {
  let start = at;
  while (start > 0 && at - start < 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}

function characterLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/** The place of the first byte that is not UTF-8. */
export function notUtf8(bytes: Buffer, path: string): NairobiError {
  const byte = firstInvalidUtf8(bytes) ?? 0;
  const before = bytes.subarray(0, byte);
  let line = 1;
  for (let at = before.indexOf(0x0a); at >= 0; at = before.indexOf(0x0a, at + 1)) line += 1;
  const value = (bytes[byte] ?? 0).toString(16).padStart(2, '0');
  return new NairobiError('BAD_DATA', `The byte 0x${value} is not UTF-8 text`, {
    where: { file: path, line, byte },
    hint: 'say --encoding latin1 if it is Latin-1 (ISO 8859-1), or make it UTF-8 with iconv',
  });
}
