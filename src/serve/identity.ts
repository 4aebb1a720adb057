/** By what a dataset is known: the same source read the same way is the same one, whoever asks. */
import path from 'node:path';
import type { SourceWish } from './tasks.ts';

/** A text that is equal for equal sources only. */
export function sourceKey({ path: named, cwd, ...understood }: SourceWish): string {
  // With a column of paths, the paths are part of the rows, as they were written.
  const place = understood.filenameColumn === undefined ? path.resolve(cwd, named) : [cwd, named];
  return JSON.stringify([place, plain(understood)]);
}

/**
 * The same for a key in every daemon, so that the id of one that is gone never names other rows in
 * the next. 48 bits of two hashes (multiplicative, after cyrb53): SHA-256 through node:crypto was
 * 58 µs of the way of a first call. Who keeps datasets tells apart what falls together.
 */
export function datasetId(key: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < key.length; i += 1) {
    const unit = key.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  const hex = (word: number): string => (word >>> 8).toString(16).padStart(6, '0');
  return `d${hex(a)}${hex(b)}`;
}

/** What holds where nothing is said. `header: false` does not: nothing said is found out. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  allText: false,
  onError: 'fail',
  typesMayLack: false,
  unionByName: false,
};

/** Fields in one order, without those that say what holds anyway. */
function plain(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.entries(value)
    .filter(([name, field]) => field !== undefined && field !== DEFAULTS[name])
    .map(([name, field]): [string, unknown] => [name, plain(field)])
    .filter(([name, field]) => !isRecord(value[name]) || (field as unknown[]).length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Lists are none: an empty one says something, such as that no text means null. */
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
