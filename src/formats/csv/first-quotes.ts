/**
 * Quotes are guessed from the beginning of a text. What such a guess rests on is looked for in the
 * rest of it: a field that begins with a quote.
 */
import { NairobiError } from '../../errors.ts';
import type { Dialect } from '../options.ts';
import { type ByteSource, KERNEL_CHUNK_BYTES } from './census-kernel.ts';
import { type RecordStart, Records } from './records.ts';

type Ends = Pick<Dialect, 'delimiter' | 'lineEnd'>;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** Where quotes are close together, stepping is cheaper than a native search. */
const NEAR_BYTES = 32;

/**
 * Whether `quote` stands first in what may be a field: at the start, behind a delimiter or a line
 * end. Those within quoted fields count, too: false is certain, true is not.
 */
export function mayQuoteFields(text: ByteSource | Buffer, quote: string, ends: Ends): boolean {
  const byte = quote.charCodeAt(0);
  const limits = new Set([ends.delimiter.charCodeAt(0), ends.lineEnd.charCodeAt(0)]);
  if (Buffer.isBuffer(text)) {
    const start = BYTE_ORDER_MARK.every((one, index) => text[index] === one) ? 3 : 0;
    return text[start] === byte || standsBehind(text, byte, limits);
  }
  // The byte before, which may be the last of the chunk before, then a chunk.
  const room = Buffer.alloc(1 + KERNEL_CHUNK_BYTES, ends.lineEnd);
  for (let at = 0; at < text.length; ) {
    const read = text.read(room.subarray(1), at);
    if (read === 0) return false;
    if (standsBehind(room.subarray(0, 1 + read), byte, limits)) return true;
    if (at === 0 && BYTE_ORDER_MARK.every((one, i) => room[1 + i] === one) && room[4] === byte)
      return true;
    room[0] = room[read] as number;
    at += read;
  }
  return false;
}

function standsBehind(bytes: Buffer, byte: number, limits: ReadonlySet<number>): boolean {
  for (let at = next(bytes, byte, 1); at >= 0; at = next(bytes, byte, at + 1)) {
    if (limits.has(bytes[at - 1] as number)) return true;
  }
  return false;
}

function next(bytes: Buffer, byte: number, from: number): number {
  const near = Math.min(from + NEAR_BYTES, bytes.length);
  for (let at = from; at < near; at += 1) if (bytes[at] === byte) return at;
  return bytes.indexOf(byte, near);
}

/**
 * Throws BAD_DATA where a field of these records begins with a double quote although their fields
 * were found to be quoted by `dialect.quote`: nobody knows what either of them means then. `all`
 * gives the same bytes for a look at each of them.
 */
export function refuseOtherQuotes(
  bytes: Buffer,
  dialect: Dialect,
  from: RecordStart = { byte: 0, line: 1 },
  all: ByteSource | Buffer = bytes,
): void {
  if (!mayQuoteFields(all, '"', dialect)) return;
  const records = new Records(bytes, dialect, from);
  while (records.next()) {
    for (let index = 0; index < records.count; index += 1) {
      const start = records.starts[index] ?? 0;
      const isOther = records.quoted[index] !== true && bytes[start] === 0x22;
      if (!isOther || start === records.ends[index]) continue;
      const { quote } = dialect;
      throw new NairobiError(
        'BAD_DATA',
        `The first fields are quoted by ${quote}, and field ${index + 1} here begins with "`,
        {
          where: { line: records.line, byte: records.byte },
          hint: `say which of them quotes: --quote "${quote}" or --quote '"'`,
        },
      );
    }
  }
}
