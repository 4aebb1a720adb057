/**
 * The datasets the daemon knows: those in memory, and those that were and will be again when
 * somebody asks. The least recently used ones make room.
 */
import { NairobiError } from '../errors.ts';
import { close, getRlimit } from '../kernel/calls.ts';
import { RLIMIT } from '../kernel/constants.ts';
import { closeForeign } from '../kernel/foreign.ts';
import type { Fd } from '../kernel/syscall.ts';
import { formatBytes } from '../units.ts';
import { Dataset, type Resident } from './dataset.ts';
import { datasetId, sourceKey } from './identity.ts';
import type { Held, SourceWish } from './tasks.ts';

export interface RegistryOptions {
  /** Bytes of rows in memory, in all. */
  readonly limit: number;
  /** That may be open; those of the process (RLIMIT_NOFILE) where it is not said. */
  readonly descriptors?: number;
  /** Called with what leaves memory, before it does. */
  readonly onDrop: (held: Held) => void;
  /** True when its rows take memory a second time, in the form a worker computes on. */
  readonly isFramed: (held: Held) => boolean;
  /** datasetId, but in tests. */
  readonly idOf?: (key: string) => string;
}

/** Of the descriptors there may be, what rows in memory take, and what files clients hand over. */
const RESIDENT_SHARE = 0.25;
const GIVEN_SHARE = 0.25;
/** Of the files handed over, and of the datasets known, what one client may have. */
const CLIENT_SHARE = 0.5;
/** Each takes about 1 KB of its own, beside its rows. */
const KNOWN_MAX = 8192;

export class Registry {
  readonly #options: RegistryOptions;
  readonly #descriptors: number;
  readonly #datasets = new Map<string, Dataset>();
  /** Those of a path, by the source they are of. */
  readonly #byKey = new Map<string, Dataset>();
  readonly #residents = new Set<Resident>();
  /** Of these, what tasks read now. */
  readonly #inUse = new Set<Resident>();
  /** Bytes of all residents if each had its rows twice: where that fits, nothing is counted. */
  #bytesAtMost = 0;
  #clock = 0;
  #given = 0;
  /** Files of clients that are open now. */
  #givenNow = 0;
  #evictions = 0;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#descriptors = options.descriptors ?? Math.max(0, getRlimit(RLIMIT.RLIMIT_NOFILE));
  }

  get all(): readonly Dataset[] {
    return [...this.#datasets.values()];
  }

  get counts(): { known: number; inMemory: number; evictions: number } {
    const inMemory = this.all.filter(({ resident }) => resident !== undefined).length;
    return { known: this.#datasets.size, inMemory, evictions: this.#evictions };
  }

  get limit(): number {
    return this.#options.limit;
  }

  /** Bytes of rows in memory now. */
  get bytes(): number {
    return sum(this.#residents, ({ held }) => this.#bytesOf(held));
  }

  /** Of these, bytes of memory files. */
  get fileBytes(): number {
    return sum(this.#residents, ({ held }) => held.bytes);
  }

  /** What a new dataset may take once everything nobody uses has left. */
  get room(): number {
    return this.limit - sum(this.#inUse, ({ held }) => this.#bytesOf(held));
  }

  /** The dataset of this source, known from now on. LOCKED: all that may be known are held. */
  of(wish: SourceWish): Dataset {
    const key = sourceKey(wish);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#datasets.size >= KNOWN_MAX) this.#forgetOldest();
    const idOf = this.#options.idOf ?? datasetId;
    let id = idOf(key);
    while (this.#datasets.has(id)) id = idOf(`${key} ${id}`);
    const dataset = new Dataset(id, wish, key);
    this.#datasets.set(id, dataset);
    this.#byKey.set(key, dataset);
    return dataset;
  }

  /** A dataset over an open file, which is closed with it: see letGo. LOCKED: too many. */
  give(wish: SourceWish, holder: object): Dataset {
    const max = Math.floor(this.#descriptors * GIVEN_SHARE);
    const ours = this.all.filter((one) => one.wish.fd !== undefined && one.holders.has(holder));
    if (this.#givenNow >= max || ours.length >= max * CLIENT_SHARE) {
      closeForeign(wish.fd as Fd);
      throw new NairobiError('LOCKED', `${ours.length} files of this client are open already`, {
        hint: 'close datasets that are not needed, or raise "ulimit -n" of the daemon',
      });
    }
    this.#given += 1;
    this.#givenNow += 1;
    const dataset = new Dataset(`g${this.#given}`, wish);
    this.#datasets.set(dataset.id, dataset);
    return dataset;
  }

  /** NOT_FOUND for what nobody opened, and for what another than `asker` handed over. */
  find(id: string, asker: object): Dataset {
    const found = this.#datasets.get(id);
    if (found !== undefined && (found.wish.fd === undefined || found.holders.has(asker))) {
      return found;
    }
    throw new NairobiError('NOT_FOUND', `There is no dataset "${id}"`, {
      hint: 'Open answers with the id of a dataset; List names those there are',
    });
  }

  /** Somebody asked for it. */
  touch(dataset: Dataset): void {
    this.#clock += 1;
    dataset.lastUsed = this.#clock;
    dataset.requests += 1;
  }

  /** A task begins that may read what is in memory of it. */
  use(dataset: Dataset): Resident | undefined {
    const { resident } = dataset;
    if (resident === undefined) return undefined;
    resident.uses += 1;
    this.#inUse.add(resident);
    return resident;
  }

  /** The task is over. */
  leave(resident: Resident): void {
    resident.uses -= 1;
    if (resident.uses === 0) this.#inUse.delete(resident);
    if (resident.isRetired) this.#retire(resident);
  }

  /** Puts rows that were read in their place and makes room for them. */
  keep(dataset: Dataset, held: Held): void {
    this.release(dataset);
    const resident: Resident = { held, uses: 0, isRetired: false };
    dataset.resident = resident;
    this.#residents.add(resident);
    this.#bytesAtMost += held.bytes * 2;
    const residentsMax = this.#descriptors * RESIDENT_SHARE;
    if (this.#bytesAtMost <= this.limit && this.#residents.size <= residentsMax) return;
    for (const old of this.#idle(dataset)) {
      if (this.bytes <= this.limit && this.#residents.size <= residentsMax) return;
      this.release(old);
      this.#evictions += 1;
    }
    // The second form goes first: what is left can still be scanned.
    if (this.bytes > this.limit) this.#options.onDrop(held);
    if (this.bytes <= this.limit) return;
    const needed = this.bytes;
    this.release(dataset);
    throw new NairobiError(
      'MEMORY_LIMIT',
      `The rows of ${dataset.wish.path} do not fit: ${formatBytes(needed)} would be in memory, ` +
        `and the limit is ${formatBytes(this.limit)}`,
      { hint: 'pass a larger --memory-limit to the daemon, or close other datasets' },
    );
  }

  /** Gives the memory back, at the latest when its tasks are over; the dataset stays known. */
  release(dataset: Dataset): void {
    const { resident } = dataset;
    if (resident === undefined) return;
    dataset.resident = undefined;
    this.#options.onDrop(resident.held);
    this.#retire(resident);
  }

  /** Forgets it altogether when nobody holds it or is about to use it. */
  forget(dataset: Dataset): void {
    if (dataset.holders.size > 0 || dataset.loading !== undefined) return;
    if (dataset.wish.fd !== undefined) {
      this.letGo(dataset);
      return;
    }
    this.release(dataset);
    this.#remove(dataset);
  }

  /** MEMORY_LIMIT where `holder` has more than `limit` then, LOCKED where it has too many. */
  hold(dataset: Dataset, holder: object, limit: number): void {
    const most = KNOWN_MAX * CLIENT_SHARE;
    if (this.#datasets.size > most && !dataset.holders.has(holder)) {
      if (this.all.filter(({ holders }) => holders.has(holder)).length >= most) {
        throw tooMany(`This client has ${most} datasets open`);
      }
    }
    const held = this.#bytesAtMost <= limit ? 0 : this.#heldBy(holder, dataset);
    if (held > limit && !dataset.holders.has(holder)) {
      this.forget(dataset);
      throw new NairobiError(
        'MEMORY_LIMIT',
        `This client would hold ${formatBytes(held)}, and may hold ${formatBytes(limit)}`,
        { hint: 'close what is not needed, or pass a larger --client-memory to the daemon' },
      );
    }
    dataset.holders.add(holder);
  }

  /** What was given by somebody who is gone, or could never be read, is of use to nobody. */
  letGo(dataset: Dataset): void {
    if (!dataset.isLeft || (dataset.wish.fd === undefined && dataset.version > 0)) return;
    if (this.#datasets.get(dataset.id) !== dataset) return;
    this.#remove(dataset);
    this.release(dataset);
    if (dataset.wish.fd === undefined) return;
    this.#givenNow -= 1;
    closeForeign(dataset.wish.fd as Fd);
  }

  /** Whoever held them is gone. */
  letGoAll(holder: object): void {
    for (const dataset of this.all) if (dataset.holders.delete(holder)) this.letGo(dataset);
  }

  close(): void {
    for (const dataset of this.all) this.release(dataset);
    this.#datasets.clear();
    this.#byKey.clear();
  }

  #forgetOldest(): void {
    const left = this.all.filter((one) => one.isLeft && one.wish.fd === undefined);
    const [oldest] = left.sort((a, b) => a.lastUsed - b.lastUsed);
    if (oldest === undefined) throw tooMany(`${KNOWN_MAX} datasets are open already`);
    this.release(oldest);
    this.#remove(oldest);
  }

  #remove({ id, key }: Dataset): void {
    this.#datasets.delete(id);
    if (key !== undefined) this.#byKey.delete(key);
  }

  /** Bytes of rows `holder` has once it holds `dataset` too. */
  #heldBy(holder: object, dataset: Dataset): number {
    const all = this.all.filter((one) => one === dataset || one.holders.has(holder));
    return sum(all, ({ resident }) => resident?.held.bytes ?? 0);
  }

  /** What could leave memory in favour of `dataset`, in the order it would. */
  #idle(dataset: Dataset): Dataset[] {
    return this.all
      .filter((one) => one !== dataset && one.resident?.uses === 0)
      .sort(byHoldersAndAge);
  }

  #retire(resident: Resident): void {
    resident.isRetired = true;
    if (resident.uses > 0) return;
    this.#residents.delete(resident);
    this.#bytesAtMost -= resident.held.bytes * 2;
    close(resident.held.fd as Fd);
  }

  #bytesOf(held: Held): number {
    return held.bytes * (this.#options.isFramed(held) ? 2 : 1);
  }
}

const tooMany = (what: string): NairobiError =>
  new NairobiError('LOCKED', what, { hint: 'close datasets that are not needed' });

const sum = <T>(all: Iterable<T>, of: (one: T) => number): number =>
  [...all].reduce((total, one) => total + of(one), 0);

/** What nobody holds goes first, then what was not asked for longest. */
function byHoldersAndAge(a: Dataset, b: Dataset): number {
  const held = Math.min(1, a.holders.size) - Math.min(1, b.holders.size);
  return held === 0 ? a.lastUsed - b.lastUsed : held;
}
