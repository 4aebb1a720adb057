/** By what a dataset is known: the same source read the same way has the same id, whoever asks. */
import { hash } from 'node:crypto';
import path from 'node:path';
import type { SourceWish } from './tasks.ts';

export function datasetId({ path: named, cwd, ...understood }: SourceWish): string {
  // With a column of paths, the paths are part of the rows, as they were written.
  const place = understood.filenameColumn === undefined ? path.resolve(cwd, named) : [cwd, named];
  const about = JSON.stringify([place, plain(understood)]);
  return `d${hash('sha256', about).slice(0, 12)}`;
}

/** Fields in one order, without those that say what holds anyway. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value)
    .filter(([name, field]) => field !== undefined && field !== false && !isDefault(name, field))
    .map(([name, field]) => [name, plain(field)])
    .filter(([, field]) => !(Array.isArray(field) && field.length === 0))
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

const isDefault = (name: string, field: unknown): boolean => name === 'onError' && field === 'fail';
