/** Which columns of a Parquet file the kernel of groups reads as what. */

import { KIND } from '../groups/kernel.ts';
import type { TypeName } from '../relation.ts';
import { isKnownCodec } from './codec.ts';
import { type Field, type Footer, PHYSICAL } from './footer.ts';

/** The format's numbers of encodings. */
const TEXT_ENCODINGS: ReadonlySet<number> = new Set([0, 2, 3, 4, 8]);
const NUMBER_ENCODINGS: ReadonlySet<number> = new Set([0, 2, 3, 4, 5, 8, 9]);

/** Of TIMESTAMP: its arm among the logical types, its units there and among the older names. */
const TIMESTAMP = 8;
const UNITS = { ms: [1, 9], us: [2, 10], ns: [3, -2] } as const;

/** The kind of a column that Polars reads as `type`; undefined for those that are left to it. */
export function kindOf(type: TypeName, field: Field): number | undefined {
  const { physical } = field;
  const when = (expected: number, kind: number): number | undefined =>
    physical === expected ? kind : undefined;
  if (type === 'String') return when(PHYSICAL.bytes, KIND.text);
  if (/^Int(8|16|32)$/.test(type) || type === 'Date') return when(PHYSICAL.int32, KIND.int32);
  if (/^UInt(8|16|32)$/.test(type)) return when(PHYSICAL.int32, KIND.uint32);
  if (type === 'Int64') return when(PHYSICAL.int64, KIND.int64);
  if (type === 'Float32') return when(PHYSICAL.float, KIND.float32);
  if (type === 'Float64') return when(PHYSICAL.double, KIND.float64);
  if (type === 'Boolean') return when(PHYSICAL.boolean, KIND.boolean);
  if (type.startsWith('Decimal(')) {
    return when(PHYSICAL.int32, KIND.int32) ?? when(PHYSICAL.int64, KIND.int64);
  }
  const unit = /^Datetime\((ms|us|ns)/.exec(type)?.[1] as keyof typeof UNITS | undefined;
  if (unit === undefined) return undefined;
  const [logical, converted] = UNITS[unit];
  const isSame =
    field.logical === 0
      ? field.converted === converted
      : field.logical === TIMESTAMP && field.unit === logical;
  return isSame ? when(PHYSICAL.int64, KIND.int64) : undefined;
}

/** False where a chunk of the column is packed or encoded in a way that is left to Polars. */
export function isReadable(footer: Footer, name: string, kind: number): boolean {
  const known = kind === KIND.text ? TEXT_ENCODINGS : NUMBER_ENCODINGS;
  return footer.groups.every(({ chunks }) => {
    const chunk = chunks.get(name);
    return (
      chunk !== undefined &&
      isKnownCodec(chunk.codec) &&
      chunk.encodings.every((encoding) => known.has(encoding))
    );
  });
}
