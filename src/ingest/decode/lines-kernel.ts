/**
 * The WebAssembly kernel that turns lines of NDJSON or line protocol into delimited text. It takes
 * only lines that are as they should be and answers undefined for a batch with any other: the
 * general way then names the place. Sources in kernels/lines.
 */

import { moduleOf, wasm } from '../../wasm.ts';
import type { LineFormat } from './lines.ts';
import { MEASUREMENT, TIME } from './lines.ts';
import { KERNEL_CODE } from './lines-kernel.generated.ts';

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  open(columns: number, delimiter: number): void;
  setName(index: number, size: number): number;
  input(size: number): number;
  json(): number;
  influx(measurement: number, time: number): number;
  output(): number;
  size(): number;
}

/** A batch of lines as delimited text. */
export interface ConvertedLines {
  /** Valid until the next batch. */
  readonly text: Buffer;
  /** Lines in the batch, blank ones among them. */
  readonly lines: number;
}

/** Memory addresses have 32 bits, and what the lines become may be longer than they are. */
const MOST_BYTES = 1 << 29;

export class LinesKernel {
  readonly #calls: Exports;
  readonly #format: LineFormat;
  readonly #measurement: number;
  readonly #time: number;

  /** Undefined where the delimiter could be part of a value. */
  static open(
    format: LineFormat,
    names: readonly string[],
    delimiter: string,
  ): LinesKernel | undefined {
    const code = delimiter.charCodeAt(0);
    const special = format === 'ndjson' ? /["\\\p{Cc}]/u : /["\\\p{Cc},= ]/u;
    // Such names are met with escapes.
    const isOurs =
      code < 0x20 && !'\t\n\r'.includes(delimiter) && !names.some((name) => special.test(name));
    return isOurs ? new LinesKernel(format, names, code) : undefined;
  }

  private constructor(format: LineFormat, names: readonly string[], delimiter: number) {
    const abort = (): never => {
      throw new Error('the kernel of lines aborted');
    };
    const module = moduleOf(KERNEL_CODE);
    this.#calls = new wasm.Instance(module, { env: { abort } }).exports as Exports;
    this.#format = format;
    this.#measurement = names.indexOf(MEASUREMENT);
    this.#time = names.indexOf(TIME);
    this.#calls.open(names.length, delimiter);
    for (const [index, name] of names.entries()) {
      const text = Buffer.from(name);
      const at = this.#calls.setName(index, text.length);
      new Uint8Array(this.#calls.memory.buffer, at, text.length).set(text);
    }
  }

  /** Whole lines as rows under the names; undefined when some line is refused. */
  convert(data: Uint8Array): ConvertedLines | undefined {
    const calls = this.#calls;
    if (data.length > MOST_BYTES) return undefined;
    const at = calls.input(data.length);
    new Uint8Array(calls.memory.buffer, at, data.length).set(data);
    const lines =
      this.#format === 'ndjson' ? calls.json() : calls.influx(this.#measurement, this.#time);
    if (lines < 0) return undefined;
    return { text: Buffer.from(calls.memory.buffer, calls.output(), calls.size()), lines };
  }
}
