/** Finds the lines of NDJSON that are no JSON objects, and the places of rows. */
import { messageOf, NairobiError } from '../../errors.ts';

export interface BadLine {
  readonly line: number;
  readonly byte: number;
  /** The byte behind its line end. */
  readonly end: number;
  readonly reason: string;
}

const LF = 0x0a;

/** Every line with its number, from 1; blank ones too. */
function* linesOf(bytes: Buffer): Iterable<{ line: number; byte: number; end: number }> {
  let line = 1;
  for (let byte = 0; byte < bytes.length; line += 1) {
    const found = bytes.indexOf(LF, byte);
    const end = found < 0 ? bytes.length : found + 1;
    yield { line, byte, end };
    byte = end;
  }
}

function reasonAgainst(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `it is not JSON: ${messageOf(error)}`;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? undefined : 'it is JSON, but not an object';
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Lines that are not objects; at most `most` of them. */
export function badLines(bytes: Buffer, most = Number.POSITIVE_INFINITY): BadLine[] {
  const found: BadLine[] = [];
  for (const place of linesOf(bytes)) {
    const text = bytes
      .toString('utf8', place.byte, place.end)
      .replace(/^\ufeff/, '')
      .trim();
    const reason = text === '' ? undefined : reasonAgainst(text);
    if (reason !== undefined) found.push({ ...place, reason });
    if (found.length >= most) break;
  }
  return found;
}

/** The bytes without these lines. */
export function withoutLines(bytes: Buffer, lines: readonly BadLine[]): Buffer {
  let start = 0;
  const pieces = lines.map(({ byte, end }) => {
    const piece = bytes.subarray(start, byte);
    start = end;
    return piece;
  });
  return Buffer.concat([...pieces, bytes.subarray(start)]);
}

/** Line and offset of a row, counted from 0 over the lines that are not blank. */
export function placeOfRow(bytes: Buffer, row: number): { line: number; byte: number } | undefined {
  let seen = -1;
  for (const { line, byte, end } of linesOf(bytes)) {
    if (bytes.toString('latin1', byte, end).trim() === '') continue;
    seen += 1;
    if (seen === row) return { line, byte };
  }
  return undefined;
}

/** What is wrong with a JSON text that is one value, at the place Polars' `cause` names. */
export function syntaxError(bytes: Buffer, path: string, cause: unknown): NairobiError | undefined {
  try {
    JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
    return undefined;
  } catch (error) {
    const at = /at character (\d+)/.exec(messageOf(cause))?.[1];
    const byte = at === undefined ? undefined : Number(at);
    const line =
      byte === undefined ? undefined : bytes.toString('latin1', 0, byte).split('\n').length;
    return new NairobiError('BAD_DATA', `This is not JSON: ${messageOf(error)}`, {
      where: { file: path, ...(byte === undefined || line === undefined ? {} : { line, byte }) },
      hint: 'one object a line (NDJSON), or one array of objects, is wanted',
    });
  }
}
