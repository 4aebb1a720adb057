/** A column of decimals: exact counts, extremes and sum in BigInt, moments as doubles. */
import type { Accumulator } from './accumulate.ts';
import type { ColumnBatch } from './arrow.ts';
import type { NumberFacts } from './facts.ts';

/** Below this, different decimals are different doubles. */
const TOLD_APART = 2n ** 52n;

/**
 * Takes the 16-byte integers of Arrow's decimals; a value is the integer / 10^scale. `doubles`
 * gets the same values rounded, for the moments.
 */
export function decimalAccumulator(doubles: Accumulator, scale: number): Accumulator {
  const unit = 10n ** BigInt(scale);
  let sum = 0n;
  let min: bigint | undefined;
  let max: bigint | undefined;
  return {
    state: 0,
    add(batch: ColumnBatch) {
      const words = new DataView(batch.values.buffer, batch.values.byteOffset, batch.rows * 16);
      const values = new Float64Array(batch.rows);
      for (let row = 0; row < batch.rows; row += 1) {
        if (!isValid(batch.validity, row)) continue;
        const value =
          (words.getBigInt64(row * 16 + 8, true) << 64n) | words.getBigUint64(row * 16, true);
        sum += value;
        if (min === undefined || value < min) min = value;
        if (max === undefined || value > max) max = value;
        values[row] = Number(value) / Number(unit);
      }
      doubles.add({ ...batch, values: new Uint8Array(values.buffer) });
    },
    finish() {
      const facts = doubles.finish() as NumberFacts;
      const wide =
        min !== undefined && max !== undefined && (min < -TOLD_APART || max > TOLD_APART);
      return {
        ...facts,
        min: min === undefined ? undefined : plain(min, scale),
        max: max === undefined ? undefined : plain(max, scale),
        sum: { numerator: sum, denominator: unit },
        distinct: wide
          ? { count: facts.distinct.count, exact: false, values: undefined }
          : facts.distinct,
      };
    },
  };
}

function isValid(validity: Uint8Array | undefined, row: number): boolean {
  return validity === undefined || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/** A number where that is exact enough to print the same digits, else the digits as text. */
function plain(value: bigint, scale: number): number | bigint | string {
  if (scale === 0) return value > -TOLD_APART && value < TOLD_APART ? Number(value) : value;
  const digits = decimalText(value, scale);
  const short = value > -(10n ** 15n) && value < 10n ** 15n;
  return short ? Number(digits) : digits;
}

/** 12345, 2 -> "123.45". */
export function decimalText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const sign = value < 0n ? '-' : '';
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`;
}
