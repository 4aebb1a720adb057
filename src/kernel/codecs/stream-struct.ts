/** The in-and-out structure that zlib, bzip2 and liblzma share in spirit, if not in layout. */
import { type Address, lend } from '../syscall.ts';
import type { Step } from './codec.ts';

export interface StreamLayout {
  readonly size: number;
  readonly nextIn: number;
  readonly availIn: number;
  readonly nextOut: number;
  readonly availOut: number;
  /** 4 or 8: how wide the two counts are. */
  readonly countBytes: 4 | 8;
}

export class StreamStruct {
  readonly #layout: StreamLayout;
  /** Of its own, not of Node's pool of small buffers: libraries keep its address. */
  readonly #view: DataView;

  constructor(layout: StreamLayout) {
    this.#layout = layout;
    this.#view = new DataView(new ArrayBuffer(layout.size));
  }

  /** Calls with the address of the structure, which is always the same. */
  at<T>(call: (address: Address) => T): T {
    return lend(this.#view, call);
  }

  clear(): void {
    new Uint8Array(this.#view.buffer).fill(0);
  }

  /** Sets both ends, runs `call`, and tells how far it came. */
  run(
    input: { address: Address; length: number },
    output: { address: Address; length: number },
    call: (address: Address) => number,
  ): { status: number; step: Omit<Step, 'ended'> } {
    const { nextIn, nextOut } = this.#layout;
    this.#view.setBigUint64(nextIn, input.address, true);
    this.#view.setBigUint64(nextOut, output.address, true);
    this.#setCount(this.#layout.availIn, input.length);
    this.#setCount(this.#layout.availOut, output.length);
    const status = this.at(call);
    const consumed = input.length - this.#count(this.#layout.availIn);
    const produced = output.length - this.#count(this.#layout.availOut);
    return { status, step: { consumed, produced } };
  }

  #setCount(at: number, count: number): void {
    if (this.#layout.countBytes === 4) this.#view.setUint32(at, count, true);
    else this.#view.setBigUint64(at, BigInt(count), true);
  }

  #count(at: number): number {
    if (this.#layout.countBytes === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }
}
