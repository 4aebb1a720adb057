/** Why the kernel of groups leaves a source to Polars. */

/** The bytes are not what a Parquet file has, or a text, or what is read of one here. */
export class Unreadable extends Error {}

/** More groups, or values of a key, than the kernel is for. */
export class TooMany extends Error {}

/** Damaged pages, also where they made the kernel trap or a codec refuse them; too many groups. */
export function isForPolars(error: unknown): boolean {
  return (
    error instanceof Unreadable ||
    error instanceof TooMany ||
    (error instanceof Error &&
      (error.constructor.name === 'RuntimeError' || ('code' in error && 'errno' in error)))
  );
}
