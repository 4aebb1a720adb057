/** A dataset as clients are told of it. */
import type { JsonObject } from '../client/protocol.ts';
import type { Dataset } from './registry.ts';

export function describe({ id, wish, resident, holders, requests, version }: Dataset): JsonObject {
  const about = { dataset: id, path: wish.path, cwd: wish.cwd };
  const use = { holders: holders.size, requests };
  if (resident === undefined) return { ...about, version, inMemory: false, ...use };
  const { held } = resident;
  return {
    ...about,
    version,
    inMemory: true,
    name: held.name,
    rows: held.rows,
    columns: held.columns.map(({ name, type }) => ({ name, type })),
    bytes: held.bytes,
    pages: held.pages,
    files: held.files.map(({ path, size }) => ({ path, bytes: size })),
    ...use,
  };
}
