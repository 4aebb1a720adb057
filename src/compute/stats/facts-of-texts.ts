/** A column of text, out of the kernel. */
import { assert } from '../../errors.ts';
import type { DistinctFacts, TextFacts } from './facts.ts';
import { countsOf, estimatedDistinct, frequentOf, orderOf } from './facts-of-order.ts';
import { timesOf } from './facts-of-times.ts';
import type { Fields, Kernel, State } from './kernel.ts';

/** What the kernel knows of a column of text, once it is finished. */
export function textFacts(kernel: Kernel, state: State): TextFacts {
  const fields = kernel.read('Texts', state);
  const text = (at: bigint, size: bigint): string =>
    Buffer.from(kernel.bytes(at, Number(size))).toString('utf8');
  const none = fields.started === 0n;
  const times = fields.timed === 1n ? timesOf(kernel, fields.times, 1_000) : undefined;
  return {
    is: 'text',
    rows: Number(fields.rows),
    nulls: Number(fields.nulls),
    empty: Number(fields.empty),
    bytes: Number(fields.bytes),
    characters: Number(fields.characters),
    minLength: none ? 0 : Number(fields.minLength),
    maxLength: Number(fields.maxLength),
    wide: Number(fields.wide),
    leadingZeros: Number(fields.leadingZeros),
    min: none ? undefined : text(fields.minAt, fields.minSize),
    max: none ? undefined : text(fields.maxAt, fields.maxSize),
    order: orderOf(fields.order),
    distinct: distinctTexts(kernel, fields),
    times:
      times === undefined
        ? undefined
        : { ...times, dateOnly: fields.withTime === 0n, zoned: fields.withZone > 0n },
  };
}

const textOf = (bytes: Buffer): string => bytes.toString('utf8');

function distinctTexts(kernel: Kernel, fields: Fields<'Texts'>): DistinctFacts {
  if (fields.registers !== 0n) {
    const frequent = frequentOf(kernel, fields.frequent, textOf);
    return { ...estimatedDistinct(kernel, fields.registers), frequent };
  }
  const values = countsOf(kernel, fields, Number(fields.capacity), textOf);
  assert(values.length === Number(fields.used), 'the table of texts has as many as it counted');
  return { count: values.length, exact: true, values };
}
