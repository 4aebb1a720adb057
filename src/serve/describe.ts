/** A dataset as clients are told of it. */
import type { JsonObject } from '../client/protocol.ts';
import type { Dataset } from './dataset.ts';

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

interface Said {
  readonly resident: Dataset['resident'];
  readonly version: number;
  readonly holders: number;
  readonly requests: number;
  readonly json: string;
}

/** What was said of each last. */
const SAID = new WeakMap<Dataset, Said>();

/** The same as text: a client asks again and again for what has not changed. */
export function describeJson(dataset: Dataset): string {
  const { resident, version, requests } = dataset;
  const holders = dataset.holders.size;
  const said = SAID.get(dataset);
  const isSame =
    said !== undefined &&
    said.resident === resident &&
    said.version === version &&
    said.holders === holders &&
    said.requests === requests;
  if (isSame) return said.json;
  const json = JSON.stringify(describe(dataset));
  SAID.set(dataset, { resident, version, holders, requests, json });
  return json;
}
