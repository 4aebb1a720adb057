/** Where the last whole record of a block ends. */

const NEWLINE = 0x0a;

/** Ends a block: given bytes [0, length), how many of them are whole records. */
export type Cutter = (data: Buffer, length: number) => number;

/** Records that end with the line: NDJSON, line protocol. */
export const cutAtNewline: Cutter = (data, length) => endOfLast(data, length, NEWLINE);

function endOfLast(data: Buffer, length: number, byte: number): number {
  return length === 0 ? 0 : data.lastIndexOf(byte, length - 1) + 1;
}

/**
 * CSV: the last line end outside quotes. The block begins outside quotes; a doubled quote flips
 * twice, so counting quotes is enough. `quote` undefined: quotes mean nothing.
 */
export function csvCutter(quote: number | undefined, lineEnd: number = NEWLINE): Cutter {
  return (data, length) => {
    const block = data.subarray(0, length);
    let end = endOfLast(data, length, lineEnd);
    if (quote === undefined || end === 0 || block.indexOf(quote) === -1) return end;
    let inside = countByte(block, quote, 0, end) % 2 === 1;
    while (inside && end > 0) {
      const before = end === 1 ? 0 : endOfLast(block, end - 1, lineEnd);
      if (countByte(block, quote, before, end) % 2 === 1) inside = false;
      end = before;
    }
    return end;
  };
}

/** How often `byte` is in [from, to). */
export function countByte(data: Buffer, byte: number, from: number, to: number): number {
  const block = data.subarray(from, to);
  let count = 0;
  for (let at = block.indexOf(byte); at !== -1; at = block.indexOf(byte, at + 1)) count += 1;
  return count;
}
