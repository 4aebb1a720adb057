/**
 * Frames of the protocol: a length of 32 bits, little-endian, then that many bytes of JSON in
 * UTF-8. Descriptors travel beside the first byte of the frame that announces them ("fds").
 */
import { NairobiError } from '../errors.ts';

const LENGTH_BYTES = 4;

/** A frame from its JSON text. */
export function frameOf(json: string | Uint8Array): Buffer {
  const length = typeof json === 'string' ? Buffer.byteLength(json) : json.length;
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + length);
  frame.writeUInt32LE(length);
  if (typeof json === 'string') frame.write(json, LENGTH_BYTES);
  else frame.set(json, LENGTH_BYTES);
  return frame;
}

/** Puts what arrives in pieces together again. */
export class FrameReader {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #held = 0;
  #wanted: number | undefined;
  #rest: Buffer = Buffer.alloc(0);

  /** A frame of more than `limit` bytes is refused before it is received. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The bodies of the frames that are whole now. `bytes` is copied where it must be kept. */
  *take(bytes: Buffer): Generator<Buffer> {
    let rest = bytes;
    if (this.#held > 0) {
      this.#pieces.push(Buffer.from(rest));
      this.#held += rest.length;
      if (this.#held < (this.#wanted ?? LENGTH_BYTES)) return;
      rest = Buffer.concat(this.#pieces);
    }
    this.#pieces = [];
    this.#held = 0;
    this.#wanted = undefined;
    for (;;) {
      const wanted = this.#frameBytes(rest);
      if (wanted === undefined || rest.length < wanted) {
        this.#wanted = wanted;
        break;
      }
      this.#rest = rest.subarray(wanted);
      yield rest.subarray(LENGTH_BYTES, wanted);
      rest = this.#rest;
    }
    if (rest.length === 0) return;
    this.#pieces = [Buffer.from(rest)];
    this.#held = rest.length;
  }

  /** What came behind the last whole frame, which then is no part of a frame. */
  rest(): Buffer {
    return this.#rest;
  }

  #frameBytes(bytes: Buffer): number | undefined {
    if (bytes.length < LENGTH_BYTES) return undefined;
    const length = bytes.readUInt32LE();
    if (length <= this.#limit) return LENGTH_BYTES + length;
    throw new NairobiError('USAGE', `A frame of ${length} bytes is too long`, {
      hint: `at most ${this.#limit} bytes are taken; send data by descriptor`,
    });
  }
}
