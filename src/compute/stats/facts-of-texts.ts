/** A column of text, out of the kernel. */
import { assert } from '../../errors.ts';
import type { DistinctFacts, Frequent, TextFacts } from './facts.ts';
import { estimatedDistinct, orderOf } from './facts-of-order.ts';
import { timesOf } from './facts-of-times.ts';
import type { Fields, Kernel, State } from './kernel.ts';

/** Of kernels/stats/frequent.ts. */
const FREQUENT_SLOTS = 16_384;

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

function distinctTexts(kernel: Kernel, fields: Fields<'Texts'>): DistinctFacts {
  if (fields.registers !== 0n) {
    const estimate = estimatedDistinct(kernel, fields.registers);
    const { frequent } = fields;
    return frequent === 0n ? estimate : { ...estimate, frequent: frequentTexts(kernel, frequent) };
  }
  const values = tableOf(kernel, fields, Number(fields.capacity));
  assert(values.length === Number(fields.used), 'the table of texts has as many as it counted');
  return { count: values.length, exact: true, values };
}

function frequentTexts(kernel: Kernel, address: bigint): Frequent {
  const fields = kernel.read('Frequent', address);
  const values = tableOf(kernel, fields, FREQUENT_SLOTS);
  assert(values.length === Number(fields.used), 'the table of texts has as many as it counted');
  return { values, error: Number(fields.error) };
}

interface Table {
  readonly slots: bigint;
  readonly arena: bigint;
  readonly arenaFill: bigint;
}

/** Slots of 32 bytes: hash, count, and the view of the text. */
function tableOf(
  kernel: Kernel,
  { slots: at, arena: heap, arenaFill }: Table,
  capacity: number,
): [string, number][] {
  const slots = Buffer.from(kernel.bytes(at, capacity * 32).buffer);
  const arena = Buffer.from(kernel.bytes(heap, Number(arenaFill)).buffer);
  const values: [string, number][] = [];
  for (let slot = 0; slot < slots.length; slot += 32) {
    const count = Number(slots.readBigUInt64LE(slot + 8));
    if (count === 0) continue;
    const size = slots.readUInt32LE(slot + 16);
    const from = size <= 12 ? slot + 20 : Number(slots.readBigUInt64LE(slot + 24));
    values.push([(size <= 12 ? slots : arena).toString('utf8', from, from + size), count]);
  }
  return values;
}
