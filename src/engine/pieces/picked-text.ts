/**
 * Some columns of a wide text copied out of it, while its records are checked: Polars then parses a
 * text that is a tenth or a hundredth as long. In memory without a name.
 */
import type { Watch } from '../../formats/csv/odd-values.ts';
import type { Picking, PlainRecords } from '../../formats/decoded.ts';
import { close, ftruncate, memfdCreate, mmap, munmap } from '../../kernel/calls.ts';
import { MAP, MEMFD } from '../../kernel/constants.ts';
import { checked } from '../../kernel/errno.ts';
import { type Picked, pickColumns } from '../../kernel/records.ts';
import type { Fd } from '../../kernel/syscall.ts';
import { MiB } from '../../units.ts';
import { rulesOf } from './count.ts';

/** At 0.46, fresh memory costs what parsing less saves. */
const SHARE_MAX = 0.4;

export interface PickedText {
  readonly path: string;
  readonly picking: Picking;
  close(): void;
}

export interface PickResult {
  readonly answer: Picked['answer'];
  readonly found: Uint8Array;
  /** When the answer is 'plain'. */
  readonly text: PickedText | undefined;
}

export interface PickTask {
  readonly fd: Fd;
  readonly size: number;
  readonly records: PlainRecords;
  readonly watch: Watch | undefined;
  readonly picking: Picking;
  /** The most it may take. */
  readonly byteLength: number;
}

/** undefined when it would gain nothing, take too much, or this host has no machine code for it. */
export async function pickText(task: PickTask): Promise<PickResult | undefined> {
  const { size, picking } = task;
  // Rows may be longer further down; what is not written takes no memory.
  const capacity = Math.ceil(size * picking.share * 1.5) + MiB;
  if (picking.share > SHARE_MAX || capacity > task.byteLength) return undefined;
  const fd = memfdCreate('picked columns', MEMFD.MFD_CLOEXEC) as Fd;
  if (fd < 0) return undefined;
  const picked = await pickInto(fd, capacity, task).catch((error: unknown) => {
    close(fd);
    throw error;
  });
  if (picked?.answer !== 'plain') close(fd);
  if (picked === undefined) return undefined;
  const { answer, found } = picked;
  const text = { path: `/proc/self/fd/${fd}`, picking, close: () => void close(fd) };
  return { answer, found, text: answer === 'plain' ? text : undefined };
}

async function pickInto(fd: Fd, capacity: number, task: PickTask): Promise<Picked | undefined> {
  const { records, watch, picking } = task;
  if (ftruncate(fd, capacity) < 0) return undefined;
  const protection = MAP.PROT_READ | MAP.PROT_WRITE;
  const address = mmap(capacity, { protection, flags: MAP.MAP_SHARED, fd });
  if (address < 0) return undefined;
  const pick = { columns: picking.columns, address: BigInt(address), byteLength: capacity };
  const watched = watch?.columns ?? new Uint8Array(records.fields);
  try {
    const picked = await pickColumns(task.fd, task.size, rulesOf(records), watched, pick);
    if (picked?.answer === 'plain')
      checked(ftruncate(fd, picked.byteLength), 'cut a file in memory');
    return picked;
  } finally {
    munmap(BigInt(address), capacity);
  }
}
