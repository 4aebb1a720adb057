/**
 * All values of a column, sorted in chunks that stay where they are (kernels/stats/kept.ts): 8
 * bytes a value, and a few MiB more while they are walked through.
 */
import type { Kernel } from './kernel.ts';
import type { Multiset, Section } from './multiset.ts';

/** small: signed integers that doubles hold. */
export type KeptOrder = 'doubles' | 'signed' | 'unsigned' | 'small';

/** Values that are gathered and sorted at a time. */
const SECTION = 1 << 19;

const SIGN = 1n << 63n;
const LARGEST_KEY = (1n << 64n) - 1n;

export class KeptValues implements Multiset {
  readonly exact = true;
  readonly n: number;
  readonly #kernel: Kernel;
  readonly #address: number;
  readonly #order: KeptOrder;

  /** `address`: a Kept of the kernel that holds `n` values of this order. */
  constructor(kernel: Kernel, address: number, n: number, order: KeptOrder) {
    this.#kernel = kernel;
    this.#address = address;
    this.n = n;
    this.#order = order;
  }

  at(rank: number): number | bigint {
    return this.#valueOf(this.#keyAt(rank));
  }

  below(limit: number): number {
    const key = this.#keyOf(limit);
    if (key > LARGEST_KEY) return this.n;
    return key === 0n ? 0 : this.#upTo(key - 1n);
  }

  *sections(): Generator<Section> {
    const [to = 0, other = 0] = this.#kernel.scratch(2, SECTION * 8);
    let low = 0n;
    for (let rank = 0; rank < this.n; ) {
      const after = rank + SECTION;
      const end = after >= this.n ? LARGEST_KEY + 1n : this.#keyAt(after);
      if (end > low) {
        const size = (end > LARGEST_KEY ? this.n : this.#upTo(end - 1n)) - rank;
        yield { values: this.#within(low, end - 1n, { to, other, size }) };
        rank += size;
        low = end;
      } else {
        // One value fills more than a section.
        const upTo = this.#upTo(low);
        yield { values: [this.#valueOf(low)], counts: [upTo - rank] };
        rank = upTo;
        low += 1n;
      }
    }
  }

  #within(
    low: bigint,
    high: bigint,
    { to, other, size }: { to: number; other: number; size: number },
  ): Section['values'] {
    const { calls, memory } = this.#kernel;
    const isSmall = this.#order === 'small';
    const at = calls.keptWithin(this.#address, low, high, to, other, size, isSmall) >>> 0;
    if (this.#order === 'doubles' || isSmall) return new Float64Array(memory, at, size);
    return this.#order === 'signed'
      ? new BigInt64Array(memory, at, size)
      : new BigUint64Array(memory, at, size);
  }

  #upTo(key: bigint): number {
    return Number(this.#kernel.calls.keptUpTo(this.#address, key));
  }

  #keyAt(rank: number): bigint {
    return BigInt.asUintN(64, this.#kernel.calls.keptAt(this.#address, BigInt(rank)));
  }

  #valueOf(key: bigint): number | bigint {
    if (this.#order === 'doubles') {
      const bits = key >= SIGN ? key - SIGN : LARGEST_KEY - key;
      return new Float64Array(BigUint64Array.of(bits).buffer)[0] ?? Number.NaN;
    }
    const value = this.#order === 'unsigned' ? key : key - SIGN;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** The smallest key whose value is not below `limit`; beyond LARGEST_KEY when there is none. */
  #keyOf(limit: number): bigint {
    if (this.#order === 'doubles') {
      // + 0: minus zero and zero are one value.
      const bits = new BigUint64Array(Float64Array.of(limit + 0).buffer)[0] ?? 0n;
      return bits >= SIGN ? LARGEST_KEY - bits : bits + SIGN;
    }
    const lowest = this.#order === 'unsigned' ? 0n : -SIGN;
    if (limit <= Number(lowest)) return 0n;
    if (limit > Number(lowest + LARGEST_KEY)) return LARGEST_KEY + 1n;
    return BigInt(Math.ceil(limit)) - lowest;
  }
}
