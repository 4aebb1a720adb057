/**
 * Where a text that goes on may be cut: behind its last whole record. What the cutter learns about
 * the records on the way is kept, so that nobody has to look at them again.
 */

import { cutBlocks } from './blocks/cut.ts';
import { type Census, census, openCensus } from './csv/census.ts';
import { cutElements } from './json/elements.ts';
import type { Dialect } from './options.ts';

/** How the records of a text are told apart; plain data, so that a thread can be given it. */
export type CutRules =
  | { readonly kind: 'delimited'; readonly dialect: Dialect; readonly fields: number }
  /** NDJSON: a record ends with its line. */
  | { readonly kind: 'lines' }
  /** A JSON array: records are its elements. */
  | { readonly kind: 'elements' }
  /** Blocks of rows behind a header that ends with this mark. */
  | { readonly kind: 'avro'; readonly sync: Uint8Array }
  | { readonly kind: 'arrow-stream' };

export interface Cut {
  /** Bytes of whole records, from the start of the text; 0 when the first one is cut off. */
  readonly byteLength: number;
  /** Line ends among them. */
  readonly lines: number;
  /** Of delimited text. */
  readonly census: Census | undefined;
}

/**
 * The whole records at the start of `bytes`, which begin with a record. With `isEnd` nothing comes
 * behind them, and a last record needs no line end.
 * Throws BAD_DATA for an array or a block that is none.
 */
export function cut(bytes: Buffer, rules: CutRules, isEnd: boolean): Cut {
  if (rules.kind === 'lines') return cutLines(bytes, isEnd);
  if (rules.kind === 'elements') return cutElements(bytes, isEnd);
  if (rules.kind !== 'delimited') return cutBlocks(bytes, rules, isEnd);
  const { dialect, fields } = rules;
  if (isEnd) {
    const counted = census(bytes, dialect, fields);
    return { byteLength: bytes.length, lines: 0, census: counted };
  }
  const { end, lines, ...counted } = openCensus(bytes, dialect, fields);
  return { byteLength: end, lines, census: counted };
}

/** As cut, for who wants to know no more than where the whole records end: 0 when there is none. */
export function wholeRecords(bytes: Buffer, rules: CutRules): number {
  if (rules.kind === 'lines') return bytes.lastIndexOf(LF) + 1;
  if (rules.kind === 'delimited') {
    const { lineEnd, quote } = rules.dialect;
    // Without a quote every line end ends a record, and nobody has to look at each of them.
    if (quote === '' || !bytes.includes(quote)) return bytes.lastIndexOf(lineEnd) + lineEnd.length;
  }
  return cut(bytes, rules, false).byteLength;
}

const LF = 0x0a;

function cutLines(bytes: Buffer, isEnd: boolean): Cut {
  const byteLength = isEnd ? bytes.length : bytes.lastIndexOf(LF) + 1;
  let lines = 0;
  for (let at = bytes.indexOf(LF); at >= 0 && at < byteLength; at = bytes.indexOf(LF, at + 1)) {
    lines += 1;
  }
  return { byteLength, lines, census: undefined };
}
