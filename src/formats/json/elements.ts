/**
 * The elements of a JSON array, however they are laid out over lines: where the text may be cut
 * between two of them, and the same elements one a line, as NDJSON has them.
 *
 * A cut lies before a comma: what is left always says whether something comes after it, so that an
 * array without an end is not taken for a whole one.
 */
import { NairobiError } from '../../errors.ts';
import type { RecordStart } from '../csv/records.ts';
import type { Cut } from '../cut.ts';
import { firstOf } from './census.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Behind the bracket that opens the array; undefined when the text is no array. */
export function elementsStart(head: Buffer): RecordStart | undefined {
  const at = firstOf(head);
  if (head[at] !== OPEN_BRACKET) return undefined;
  return { byte: at + 1, line: lineAt(head, at + 1) };
}

/**
 * The whole elements at the start of `bytes`, which begin behind the array's bracket or with a
 * comma. Throws BAD_DATA when the array is not closed at the end, or something comes behind it.
 */
export function cutElements(bytes: Buffer, isEnd: boolean): Cut {
  const { length } = bytes;
  let depth = 0;
  let comma = 0;
  /** Nothing came since the last comma. */
  let isEmpty = true;
  let isClosed = false;
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (isClosed) {
      if (!isBlank(byte)) throw wrong(bytes, at, 'something follows the array');
    } else if (byte === QUOTE) at = stringEnd(bytes, at + 1);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      isEmpty = false;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth < 0 && byte === CLOSE_BRACE) throw wrong(bytes, at, 'a brace closes nothing');
      isClosed = depth < 0;
    } else if (byte === COMMA && depth === 0) {
      // A comma without an element before it stays with its neighbours: elementsAsLines tells.
      if (!isEmpty) comma = at;
      isEmpty = true;
    }
  }
  if (isEnd && !isClosed) throw wrong(bytes, length, 'it ends before the array does');
  const byteLength = isEnd ? length : comma;
  return { byteLength, lines: countLines(bytes, byteLength), census: undefined };
}

/**
 * Elements as cutElements gives them, each on a line of its own at the same offset. What is not
 * JSON inside of an element stays so. Throws BAD_DATA for an element that is no object.
 */
export function elementsAsLines(bytes: Buffer, isFirst: boolean): Buffer {
  const lines = Buffer.from(bytes);
  const { length } = bytes;
  let depth = 0;
  let expects: 'first' | 'element' | 'comma' = isFirst ? 'first' : 'comma';
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === LF || byte === CR) lines[at] = SPACE;
    else if (depth > 0) {
      if (byte === QUOTE) at = stringEnd(bytes, at + 1);
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
    } else if (byte === COMMA) {
      if (expects !== 'comma') throw wrong(bytes, at, 'an element is missing');
      expects = 'element';
      lines[at] = LF;
    } else if (byte === CLOSE_BRACKET) {
      if (expects === 'element') throw wrong(bytes, at, 'an element is missing');
      lines[at] = SPACE;
    } else if (!isBlank(byte)) {
      if (expects === 'comma') throw wrong(bytes, at, 'a comma is missing');
      if (byte !== OPEN_BRACE) throw wrong(bytes, at, 'this is no array of objects');
      expects = 'comma';
      depth = 1;
    }
  }
  return lines;
}

/** The line of an offset, from 1. */
export function lineAt(bytes: Buffer, at: number): number {
  return countLines(bytes, at) + 1;
}

function countLines(bytes: Buffer, until: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at >= 0 && at < until; at = bytes.indexOf(LF, at + 1)) {
    lines += 1;
  }
  return lines;
}

/** The offset of the quote that ends a string, or of the end of the text. */
function stringEnd(bytes: Buffer, from: number): number {
  const { length } = bytes;
  let at = from;
  for (; at < length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) break;
    if (byte === BACKSLASH) at += 1;
  }
  return at;
}

const isBlank = (byte: number): boolean =>
  byte === SPACE || byte === LF || byte === CR || byte === TAB;

export function wrong(bytes: Buffer, byte: number, reason: string): NairobiError {
  return new NairobiError('BAD_DATA', `Cannot read this JSON array: ${reason}`, {
    where: { line: lineAt(bytes, byte), byte },
    hint: 'one array of objects, or one object a line (NDJSON), is wanted',
  });
}
