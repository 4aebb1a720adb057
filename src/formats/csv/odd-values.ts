/**
 * Looks, beyond the sample that types were inferred from, for values that a parser takes without a
 * word and that mean something else: 007 among integers, 1e400 and 20-digit integers among doubles,
 * nanoseconds among microseconds, anything in a column that was empty. By a WebAssembly kernel
 * (kernels/values) at some GB/s.
 */
import { NairobiError } from '../../errors.ts';
import { moduleOf, wasm } from '../../wasm.ts';
import type { Dialect } from '../options.ts';
import type { ByteSource } from './census-kernel.ts';
import { Records } from './records.ts';
import type { CsvColumn, CsvPlan } from './sniff.ts';
import { KERNEL_CODE } from './values-kernel.generated.ts';

/** What is looked for in a column, and what was found there; bits, as in kernels/values. */
export const ODD = { number: 1, double: 2, micros: 4, unseen: 8 } as const;

/** More columns than the kernel's tables have: types are inferred from every row then. */
export const MAX_WATCHED_COLUMNS = 65_536;

/** Copied into the kernel's memory at a time. */
const CHUNK_BYTES = 256 * 1024;
const BASE = 64 * 1024;

/** All that looking takes: plain data, so that a thread can be given it. */
export interface Watch {
  readonly delimiter: string;
  readonly quote: string;
  readonly lineEnd: string;
  /** For each column the bits of ODD. */
  readonly columns: Uint8Array;
}

/** What has to be looked for; undefined when the sample was everything, or nothing can be odd. */
export function watchOf(
  { columns, dialect, sampledRows }: CsvPlan,
  kinds = 255,
): Watch | undefined {
  if (sampledRows === 'all') return undefined;
  const bits = Uint8Array.from(columns, (column) => bitsOf(column) & kinds);
  if (!bits.some((one) => one !== 0)) return undefined;
  const { delimiter, quote, lineEnd } = dialect;
  return { delimiter, quote, lineEnd, columns: bits };
}

function bitsOf({ from, type, unseen, exact }: CsvColumn): number {
  if (from !== 'inferred' || exact === true) return 0;
  if (unseen === true) return ODD.unseen;
  if (type.startsWith('Float')) return ODD.number | ODD.double;
  if (/^(Int|Decimal)/.test(type)) return ODD.number;
  return type.startsWith('Datetime(us') ? ODD.micros : 0;
}

/** The bits of ODD that were found in each column of plain records that begin at `from`. */
export function oddColumns(source: ByteSource, from: number, watch: Watch): Uint8Array {
  return valueKernel().scan(source, from, watch);
}

/** The same where records are not plain (comments, rows that are too long): one by one. */
export function oddColumnsSlowly(bytes: Buffer, dialect: Dialect, watch: Watch): Uint8Array {
  const found = new Uint8Array(watch.columns.length);
  const records = new Records(bytes, dialect);
  while (records.next()) {
    const count = records.blank ? 0 : Math.min(records.count, found.length);
    for (let index = 0; index < count; index += 1) {
      const wanted = (watch.columns[index] ?? 0) & ~(found[index] ?? 0);
      if (wanted !== 0)
        found[index] = (found[index] ?? 0) | (wanted & oddness(records.text(index)));
    }
  }
  return found;
}

function oddness(text: string): number {
  if (text === '') return 0;
  const number = /^[ \t]*(-?0\d|\+)/.test(text) ? ODD.number : 0;
  const double = /^[ \t]*-?\d{16}|e\+?\d{3}/i.test(text) ? ODD.double : 0;
  const micros = /\.\d{7}/.test(text) ? ODD.micros : 0;
  return ODD.unseen | number | double | micros;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  watched(): number;
  found(): number;
  reset(): void;
  scan(
    base: number,
    length: number,
    delimiter: number,
    lineEnd: number,
    quote: number,
    hasQuote: boolean,
    fields: number,
    kinds: number,
  ): void;
}

class ValueKernel {
  readonly #calls: Exports;
  readonly #memory: Uint8Array;

  constructor() {
    const env = {
      abort: () => {
        throw new NairobiError('HOST', 'The kernel that looks at values stopped');
      },
    };
    const module = moduleOf(KERNEL_CODE);
    this.#calls = new wasm.Instance(module, { env }).exports as Exports;
    this.#memory = new Uint8Array(this.#calls.memory.buffer);
  }

  scan(source: ByteSource, from: number, watch: Watch): Uint8Array {
    const calls = this.#calls;
    const memory = this.#memory;
    const { columns, delimiter, lineEnd, quote } = watch;
    const kinds = columns.reduce((all, one) => all | one, 0);
    const found = memory.subarray(calls.found(), calls.found() + columns.length);
    memory.set(columns, calls.watched());
    found.fill(0);
    calls.reset();
    memory.fill(0, BASE - 64, BASE);
    for (let at = from; at < source.length; at += CHUNK_BYTES) {
      const read = source.read(memory.subarray(BASE, BASE + CHUNK_BYTES), at);
      const length = Math.ceil(read / 64) * 64;
      memory.fill(0, BASE + read, BASE + length);
      calls.scan(
        BASE,
        length,
        delimiter.charCodeAt(0),
        lineEnd.charCodeAt(0),
        quote === '' ? 0 : quote.charCodeAt(0),
        quote !== '',
        columns.length,
        kinds,
      );
      if (read === 0) break;
      // The kernel looks a few bytes back.
      memory.copyWithin(BASE - 64, BASE + length - 64, BASE + length);
    }
    return found.slice();
  }
}

let kernel: ValueKernel | undefined;

function valueKernel(): ValueKernel {
  kernel ??= new ValueKernel();
  return kernel;
}
