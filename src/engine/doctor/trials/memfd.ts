/**
 * Tries what hands memory to another process: memfd, seals, huge-page memfd, passing descriptors.
 */

import { type Attempt, OK } from '../../../host/observed.ts';
import { close, fcntl, ftruncate, memfdCreate } from '../../../kernel/calls.ts';
import { FCNTL, MEMFD, SOCKET, SYS } from '../../../kernel/constants.ts';
import { errnoName } from '../../../kernel/errno.ts';
import { CMSG_FD, IOVEC, MSGHDR } from '../../../kernel/layout.ts';
import { type Fd, lend, syscall } from '../../../kernel/syscall.ts';

export interface MemfdTrial {
  readonly memfd: Attempt;
  readonly sealing: Attempt;
  readonly memfdHugetlb: Attempt;
  readonly descriptorPassing: Attempt;
}

export function tryMemfd(): MemfdTrial {
  const fd = memfdCreate('nairobi-doctor', MEMFD.MFD_CLOEXEC | MEMFD.MFD_ALLOW_SEALING);
  if (fd < 0) {
    const refused = attemptOf(fd);
    return { memfd: refused, sealing: refused, memfdHugetlb: refused, descriptorPassing: refused };
  }
  ftruncate(fd as Fd, 4096);
  const seals = FCNTL.F_SEAL_SHRINK | FCNTL.F_SEAL_GROW | FCNTL.F_SEAL_WRITE;
  const sealed = fcntl(fd as Fd, FCNTL.F_ADD_SEALS, seals);
  const descriptorPassing = tryPassing(fd as Fd);
  close(fd as Fd);
  const huge = memfdCreate(
    'nairobi-doctor',
    MEMFD.MFD_CLOEXEC | MEMFD.MFD_HUGETLB | MEMFD.MFD_HUGE_2MB,
  );
  if (huge >= 0) close(huge as Fd);
  return {
    memfd: attemptOf(fd),
    sealing: attemptOf(sealed),
    memfdHugetlb: attemptOf(huge),
    descriptorPassing,
  };
}

/** Sends `fd` to ourselves over a pair of sockets. */
function tryPassing(fd: Fd): Attempt {
  const pair = new Int32Array(2);
  const type = SOCKET.SOCK_STREAM | SOCKET.SOCK_CLOEXEC;
  const made = lend(pair, (address) => syscall(SYS.socketpair, SOCKET.AF_UNIX, type, 0, address));
  if (made < 0) return attemptOf(made);
  const [from, to] = pair;
  const sent = withMessage(fd, (header) => syscall(SYS.sendmsg, from ?? -1, header, 0));
  const received = sent < 0 ? sent : receiveFd(to ?? -1);
  if (received >= 0) close(received as Fd);
  close(from as Fd);
  close(to as Fd);
  return attemptOf(received);
}

function receiveFd(socket: number): number {
  let fd = -1;
  const result = withMessage(-1 as Fd, (header, control) => {
    const got = syscall(SYS.recvmsg, socket, header, 0);
    fd = control.getInt32(CMSG_FD.fields.fd.at, true);
    return got;
  });
  return result < 0 ? result : fd;
}

/** A message of one byte with room for one descriptor. */
function withMessage(fd: Fd, call: (header: bigint, control: DataView) => number): number {
  const control = new DataView(new ArrayBuffer(CMSG_FD.size));
  control.setBigUint64(CMSG_FD.fields.len.at, BigInt(CMSG_FD.fields.pad.at), true);
  control.setInt32(CMSG_FD.fields.level.at, SOCKET.SOL_SOCKET, true);
  control.setInt32(CMSG_FD.fields.type.at, SOCKET.SCM_RIGHTS, true);
  control.setInt32(CMSG_FD.fields.fd.at, fd, true);
  const byte = new Uint8Array(1);
  const iovec = new BigUint64Array(IOVEC.size / 8);
  const header = new BigUint64Array(MSGHDR.size / 8);
  return lend(byte, (data) =>
    lend(iovec, (vector) =>
      lend(control, (rights) => {
        iovec.set([data, 1n]);
        header[MSGHDR.fields.iov.at / 8] = vector;
        header[MSGHDR.fields.iovLength.at / 8] = 1n;
        header[MSGHDR.fields.control.at / 8] = rights;
        header[MSGHDR.fields.controlLength.at / 8] = BigInt(CMSG_FD.size);
        return lend(header, (address) => call(address, control));
      }),
    ),
  );
}

function attemptOf(result: number): Attempt {
  return result >= 0 ? OK : { outcome: 'refused', errno: errnoName(-result) };
}
