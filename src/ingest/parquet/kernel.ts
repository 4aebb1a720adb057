/**
 * The WebAssembly kernel that turns delimited text into the pages of a Parquet row group. It takes
 * only text that is as it should be and answers undefined for any other batch: the general way,
 * through Polars, then mends it or names the place. Sources in kernels/parquet.
 */
import { exactDouble } from '../../compute/text/fields.ts';
import { assert } from '../../errors.ts';
import { moduleOf, wasm } from '../../wasm.ts';
import { KERNEL_CODE, LAYOUTS } from './kernel.generated.ts';

/** How the kernel reads one column; kinds are those of kernels/stats/csv.ts. */
export interface KernelField {
  readonly kind: number;
  readonly nullText: string;
  readonly separator: number;
  readonly seconds: number;
  readonly zone: number;
}

/** A column of a batch, uncompressed. The views are valid until the next column is asked for. */
export interface ColumnPages {
  /** As the format numbers them. */
  readonly encoding: number;
  readonly nulls: number;
  readonly data: Uint8Array;
  readonly dictionary: { readonly values: number; readonly data: Uint8Array } | undefined;
  /** Smallest and largest value, as statistics carry them. */
  readonly range: { readonly min: Buffer; readonly max: Buffer } | undefined;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  open(fields: number, delimiter: number, quote: number): void;
  setField(
    index: number,
    kind: number,
    separator: number,
    seconds: number,
    zone: number,
    nullSize: number,
  ): number;
  input(size: number): number;
  split(): number;
  isQuoted(): number;
  encode(index: number, splitFloats: boolean): number;
  pages(): number;
}

const NEWLINE = 0x0a;
const CHUNK_FIELDS = Object.keys(LAYOUTS.Chunk);
type ChunkField = keyof typeof LAYOUTS.Chunk;

export class ParquetKernel {
  readonly #calls: Exports;
  #isQuoted = false;

  constructor(fields: readonly KernelField[], delimiter: string, quote: string) {
    const abort = (): never => {
      throw new Error('the Parquet kernel aborted');
    };
    const slowDouble = (at: number, size: number): number =>
      exactDouble(Buffer.from(this.#calls.memory.buffer, at, size).toString('latin1'));
    const module = moduleOf(KERNEL_CODE);
    const instance = new wasm.Instance(module, { env: { abort, slowDouble } });
    this.#calls = instance.exports as Exports;
    this.#calls.open(
      fields.length,
      delimiter.charCodeAt(0),
      quote === '' ? 0 : quote.charCodeAt(0),
    );
    for (const [index, field] of fields.entries()) {
      const { kind, separator, seconds, zone } = field;
      const text = Buffer.from(field.nullText);
      const at = this.#calls.setField(index, kind, separator, seconds, zone, text.length);
      new Uint8Array(this.#calls.memory.buffer, at, text.length).set(text);
    }
  }

  /** Takes whole records apart; how many there are, or undefined when they are refused. */
  split(data: Uint8Array): number | undefined {
    const isEnded = data.at(-1) === NEWLINE;
    const size = data.length + (isEnded ? 0 : 1);
    const at = this.#calls.input(size);
    const input = new Uint8Array(this.#calls.memory.buffer, at, size);
    input.set(data);
    input[size - 1] = NEWLINE;
    const rows = this.#calls.split();
    this.#isQuoted = this.#calls.isQuoted() !== 0;
    return rows < 0 ? undefined : rows;
  }

  /** True when the records of the batch may have line ends inside quotes. */
  get isQuoted(): boolean {
    return this.#isQuoted;
  }

  /** The pages of one column; undefined when a value is not of its type. */
  encode(index: number, splitFloats: boolean): ColumnPages | undefined {
    if (this.#calls.encode(index, splitFloats) === 0) return undefined;
    const { buffer } = this.#calls.memory;
    const chunk = new DataView(buffer, this.#calls.pages());
    const of = (field: ChunkField): number =>
      Number(chunk.getBigUint64(8 * CHUNK_FIELDS.indexOf(field), true));
    const view = (at: ChunkField, size: ChunkField): Uint8Array =>
      new Uint8Array(buffer, of(at), of(size));
    const values = of('dictionaryCount');
    assert(of('dataSize') > 0, 'a page has at least its levels');
    return {
      encoding: of('encoding'),
      nulls: of('nulls'),
      data: view('dataAt', 'dataSize'),
      dictionary:
        values === 0 ? undefined : { values, data: view('dictionaryAt', 'dictionarySize') },
      range:
        of('ranged') === 0
          ? undefined
          : {
              min: Buffer.from(view('minAt', 'minSize')),
              max: Buffer.from(view('maxAt', 'maxSize')),
            },
    };
  }
}
