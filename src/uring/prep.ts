/** Fills submission queue entries, one function per request, as liburing's io_uring_prep_*. */
import { OP, SQE_FLAG } from '../kernel/constants.ts';
import { SQE } from '../kernel/layout.ts';
import type { Address } from '../kernel/syscall.ts';

const at = SQE.fields;
const LITTLE = true;

/** What comes back with the completion: which slot, and which use of the slot. */
export interface UserData {
  readonly slot: number;
  readonly generation: number;
}

export interface ReadRequest extends UserData {
  /** A descriptor, or the index of a registered one when `fixedFile`. */
  readonly fd: number;
  readonly fixedFile?: boolean;
  readonly address: Address;
  readonly byteLength: number;
  /** In the file; -1 reads on from the current position, as pipes need it. */
  readonly offset: number;
  /** The registered buffer `address` lies in; undefined when it is not registered. */
  readonly bufferIndex?: number | undefined;
}

function prepUserData(sqe: DataView, { slot, generation }: UserData): void {
  sqe.setUint32(at.userData.at, slot, LITTLE);
  sqe.setUint32(at.userData.at + 4, generation, LITTLE);
}

/** IORING_OP_READ, or READ_FIXED into a registered buffer. */
export function prepRead(sqe: DataView, request: ReadRequest): void {
  const fixed = request.bufferIndex !== undefined;
  sqe.setUint8(at.opcode.at, fixed ? OP.IORING_OP_READ_FIXED : OP.IORING_OP_READ);
  if (request.fixedFile === true) sqe.setUint8(at.flags.at, SQE_FLAG.IOSQE_FIXED_FILE);
  sqe.setInt32(at.fd.at, request.fd, LITTLE);
  sqe.setBigInt64(at.off.at, BigInt(request.offset), LITTLE);
  sqe.setBigUint64(at.addr.at, request.address, LITTLE);
  sqe.setUint32(at.len.at, request.byteLength, LITTLE);
  if (fixed) sqe.setUint16(at.bufIndex.at, request.bufferIndex, LITTLE);
  prepUserData(sqe, request);
}

export function prepNop(sqe: DataView, data: UserData): void {
  sqe.setUint8(at.opcode.at, OP.IORING_OP_NOP);
  prepUserData(sqe, data);
}

/** Cancels the request that was prepared with `target`. */
export function prepCancel(sqe: DataView, target: UserData, data: UserData): void {
  sqe.setUint8(at.opcode.at, OP.IORING_OP_ASYNC_CANCEL);
  sqe.setInt32(at.fd.at, -1, LITTLE);
  sqe.setUint32(at.addr.at, target.slot, LITTLE);
  sqe.setUint32(at.addr.at + 4, target.generation, LITTLE);
  prepUserData(sqe, data);
}

/** posix_fadvise of a stretch of a file, performed by the kernel's own threads. */
export function prepFadvise(
  sqe: DataView,
  request: UserData & { fd: number; offset: number; byteLength: number; advice: number },
): void {
  sqe.setUint8(at.opcode.at, OP.IORING_OP_FADVISE);
  sqe.setInt32(at.fd.at, request.fd, LITTLE);
  sqe.setBigUint64(at.off.at, BigInt(request.offset), LITTLE);
  sqe.setUint32(at.len.at, request.byteLength, LITTLE);
  sqe.setUint32(at.rwFlags.at, request.advice, LITTLE);
  prepUserData(sqe, request);
}

/** madvise of a stretch of memory by a thread of the kernel's; `linked`: the next one after it. */
export function prepMadvise(
  sqe: DataView,
  request: UserData & {
    address: Address;
    byteLength: number;
    advice: number;
    linked: boolean;
  },
): void {
  const flags = SQE_FLAG.IOSQE_ASYNC | (request.linked ? SQE_FLAG.IOSQE_IO_LINK : 0);
  sqe.setUint8(at.opcode.at, OP.IORING_OP_MADVISE);
  sqe.setUint8(at.flags.at, flags);
  sqe.setInt32(at.fd.at, -1, LITTLE);
  sqe.setBigUint64(at.addr.at, request.address, LITTLE);
  sqe.setUint32(at.len.at, request.byteLength, LITTLE);
  sqe.setUint32(at.rwFlags.at, request.advice, LITTLE);
  prepUserData(sqe, request);
}
