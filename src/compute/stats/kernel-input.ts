/** The part of the kernel's memory that columns are copied to. */

/** A page of WebAssembly's memory; the first is the module's own. */
export const PAGE = 65_536;
export const INPUT_AT = PAGE;

/**
 * Room for one batch of one column: 4 M text views, or 8 M doubles. Longer batches are cut. It is
 * address space: pages that no batch reaches are never touched.
 */
export const INPUT_BYTES = 96 * 1024 * 1024;

export function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Puts one thing behind another, each at a cache line. */
export class InputArea {
  readonly #memory: SharedArrayBuffer;
  #at: number;

  constructor(memory: SharedArrayBuffer, at = INPUT_AT) {
    this.#memory = memory;
    this.#at = at;
  }

  /** Gives the address. */
  put(bytes: Uint8Array): number {
    const start = this.#at;
    new Uint8Array(this.#memory, start, bytes.byteLength).set(bytes);
    this.#at = (start + bytes.byteLength + 63) & ~63;
    return start;
  }

  /** From here on again. */
  fork(): InputArea {
    return new InputArea(this.#memory, this.#at);
  }
}
