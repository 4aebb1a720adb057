/** Whole records of a block, and the lines in it. */

/** Given a block that begins with a record: how many of its bytes are whole records. */
export type Cutter = (data: Buffer) => number;

/** How often `byte` is in [from, to). */
export function countByte(data: Buffer, byte: number, from: number, to: number): number {
  const block = data.subarray(from, to);
  let count = 0;
  for (let at = block.indexOf(byte); at !== -1; at = block.indexOf(byte, at + 1)) count += 1;
  return count;
}
