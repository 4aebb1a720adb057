/** The shared memory of a ring: io_uring_setup, the two mappings, and where each word is. */
import { assert, NairobiError } from '../errors.ts';
import { close, ioUringSetup, mmap, munmap } from '../kernel/calls.ts';
import { FEATURE, MAP, RING_OFFSET, SETUP } from '../kernel/constants.ts';
import { KernelError } from '../kernel/errno.ts';
import { CQ_OFFSETS, CQE, PARAMS, SQ_OFFSETS, SQE } from '../kernel/layout.ts';
import { type Fd, viewOf } from '../kernel/syscall.ts';

export interface RingParams {
  /** Submission queue entries; the kernel rounds up to a power of two. */
  readonly entries: number;
  /** IORING_SETUP_*: all of them, or an error. `probe.ts` is what steps down. */
  readonly flags: number;
  /** Completion queue entries, when not twice the submission queue's. */
  readonly cqEntries?: number;
  /** How long an SQPOLL thread spins before it sleeps. 0 means one second, not for ever. */
  readonly sqThreadIdleMs?: number;
}

/** Word indices into `words`, all of them 32-bit. */
export interface QueueWords {
  readonly head: number;
  readonly tail: number;
  readonly mask: number;
  readonly flags: number;
}

export interface Queues {
  readonly fd: Fd;
  readonly features: number;
  readonly sqEntries: number;
  readonly cqEntries: number;
  readonly words: Uint32Array;
  readonly sq: QueueWords;
  readonly cq: QueueWords & { readonly cqes: number; readonly overflow: number };
  readonly sqes: DataView;
  /** Unmaps both areas and closes the ring. No view of them may be used afterwards. */
  unmap(): void;
}

interface Mapping {
  readonly address: number;
  readonly byteLength: number;
}

function unmapAll(mappings: readonly Mapping[], fd: Fd): void {
  for (const { address, byteLength } of mappings) munmap(BigInt(address), byteLength);
  close(fd);
}

/** io_uring_params, filled in by us and then by the kernel. */
function setup(params: RingParams): { fd: Fd; words: Uint32Array } {
  const words = new Uint32Array(PARAMS.size / 4);
  const { fields } = PARAMS;
  const sized = params.cqEntries === undefined ? 0 : SETUP.IORING_SETUP_CQSIZE;
  words[fields.flags.at / 4] = params.flags | sized;
  words[fields.cqEntries.at / 4] = params.cqEntries ?? 0;
  words[fields.sqThreadIdle.at / 4] = params.sqThreadIdleMs ?? 0;
  const fd = ioUringSetup(params.entries, new Uint8Array(words.buffer));
  if (fd < 0) throw new KernelError(-fd, 'set up an io_uring');
  return { fd: fd as Fd, words };
}

function mapArea(fd: Fd, byteLength: number, offset: number): Mapping {
  const address = mmap(byteLength, {
    protection: MAP.PROT_READ | MAP.PROT_WRITE,
    flags: MAP.MAP_SHARED | MAP.MAP_POPULATE,
    fd,
    offset,
  });
  if (address < 0) throw new KernelError(-address, 'map the queues of an io_uring');
  return { address, byteLength };
}

/** Sets a ring up and maps it. Throws KernelError when the kernel refuses; nothing stays open. */
export function openQueues(params: RingParams): Queues {
  const { fd, words: answer } = setup(params);
  const word = (at: number): number => answer[at / 4] ?? 0;
  const sqOff = (field: keyof typeof SQ_OFFSETS.fields): number =>
    word(PARAMS.fields.sqOff.at + SQ_OFFSETS.fields[field].at);
  const cqOff = (field: keyof typeof CQ_OFFSETS.fields): number =>
    word(PARAMS.fields.cqOff.at + CQ_OFFSETS.fields[field].at);
  const sqEntries = word(PARAMS.fields.sqEntries.at);
  const cqEntries = word(PARAMS.fields.cqEntries.at);
  const features = word(PARAMS.fields.features.at);
  const mappings: Mapping[] = [];
  try {
    if ((features & FEATURE.IORING_FEAT_SINGLE_MMAP) === 0) {
      throw new NairobiError('HOST', 'This io_uring lacks SINGLE_MMAP: the kernel is below 5.4');
    }
    const ringBytes = Math.max(
      sqOff('array') + sqEntries * 4,
      cqOff('cqes') + cqEntries * CQE.size,
    );
    mappings.push(mapArea(fd, ringBytes, RING_OFFSET.IORING_OFF_SQ_RING));
    mappings.push(mapArea(fd, sqEntries * SQE.size, RING_OFFSET.IORING_OFF_SQES));
  } catch (error) {
    unmapAll(mappings, fd);
    throw error;
  }
  const [rings, entries] = mappings.map((area) => viewOf(BigInt(area.address), area.byteLength));
  assert(rings !== undefined && entries !== undefined, 'a ring has two areas');
  const words = new Uint32Array(rings);
  // The indirection array of the submission queue: slot i holds entry i, once and for all.
  const array = sqOff('array') / 4;
  for (let slot = 0; slot < sqEntries; slot++) words[array + slot] = slot;
  return {
    fd,
    features,
    sqEntries,
    cqEntries,
    words,
    sq: {
      head: sqOff('head') / 4,
      tail: sqOff('tail') / 4,
      mask: words[sqOff('ringMask') / 4] ?? 0,
      flags: sqOff('flags') / 4,
    },
    cq: {
      head: cqOff('head') / 4,
      tail: cqOff('tail') / 4,
      mask: words[cqOff('ringMask') / 4] ?? 0,
      flags: cqOff('flags') / 4,
      cqes: cqOff('cqes') / 4,
      overflow: cqOff('overflow') / 4,
    },
    sqes: new DataView(entries),
    unmap: () => unmapAll(mappings, fd),
  };
}
