/** How the records of a long JSON text lie in it: one a line, or as the elements of an array. */
import { NairobiError } from '../../errors.ts';
import type { RecordStart } from '../csv/records.ts';
import type { CutRules } from '../cut.ts';
import { located } from '../segment.ts';
import { cutElements, elementsAsLines, elementsStart, lineAt } from './elements.ts';
import { badLines, placeOfRow } from './lines.ts';

const LF = 0x0a;
const SPACE = 0x20;

export interface JsonLayout {
  readonly format: 'ndjson' | 'json';
  readonly rules: CutRules;
  readonly start: RecordStart;
  /** The whole records of the content's beginning. */
  headOf(head: Buffer): Buffer;
  /** The records one a line, at the same offsets. Throws BAD_DATA. */
  asLines(bytes: Buffer, isFirst: boolean): Buffer;
  /** Of a row of `lines`, which asLines made of `bytes`. */
  placeOf(row: number, lines: Buffer, bytes: Buffer): { line: number; byte: number } | undefined;
  /** What is wrong with a line; undefined where lines say so themselves. */
  explain(lines: Buffer, bytes: Buffer, path: string): NairobiError | undefined;
}

export const LINES: JsonLayout = {
  format: 'ndjson',
  rules: { kind: 'lines' },
  start: { byte: 0, line: 1 },
  headOf: (head) => head.subarray(0, head.lastIndexOf(LF) + 1),
  asLines: (bytes) => bytes,
  placeOf: (row, lines) => placeOfRow(lines, row),
  explain: () => undefined,
};

/** Undefined when the text is no array. */
export function elementsOf(head: Buffer): JsonLayout | undefined {
  const start = elementsStart(head);
  if (start === undefined) return undefined;
  return {
    format: 'json',
    rules: { kind: 'elements' },
    start,
    headOf: (all) => {
      const rest = all.subarray(start.byte);
      return rest.subarray(0, cutElements(rest, false).byteLength);
    },
    asLines: elementsAsLines,
    placeOf: (row, lines, bytes) => {
      const place = placeOfRow(lines, row);
      return place === undefined ? undefined : elementAt(place.byte, bytes);
    },
    explain: (lines, bytes, path) => {
      const [bad] = badLines(lines, 1);
      if (bad === undefined) return undefined;
      return new NairobiError('BAD_DATA', `Cannot take this element: ${bad.reason}`, {
        where: { file: path, ...elementAt(bad.byte, bytes) },
        hint: 'mend the element; only of an object a line (.ndjson) --on-error leaves bad ones out',
      });
    },
  };
}

/** What is wrong with an array, at its place; undefined when that is nothing or it is no array. */
export function arrayError(bytes: Buffer, path: string): NairobiError | undefined {
  const layout = elementsOf(bytes);
  if (layout === undefined) return undefined;
  const { start } = layout;
  const rest = bytes.subarray(start.byte);
  const look = (): void => {
    cutElements(rest, true);
    const error = layout.explain(elementsAsLines(rest, true), rest, path);
    if (error !== undefined) throw error;
  };
  try {
    located({ place: start }, look, path);
    return undefined;
  } catch (error) {
    if (error instanceof NairobiError) return error;
    throw error;
  }
}

/** The element of the line that begins at `byte`, behind what is blank. */
function elementAt(byte: number, bytes: Buffer): { line: number; byte: number } {
  let at = byte;
  while (at < bytes.length - 1 && (bytes[at] ?? 0) <= SPACE) at += 1;
  return { line: lineAt(bytes, at), byte: at };
}
