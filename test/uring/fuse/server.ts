/**
 * server.ts MOUNTPOINT FILES: a FUSE file system over /dev/fuse (linux/fuse.h) whose files misbehave
 * on purpose, as network file systems and dying disks do. FILES is JSON, see `FuseFile`. Says
 * "mounted" once it is; unmounts when its standard input ends.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { ERRNO } from '../../../src/kernel/errno.ts';
import { lend, syscall } from '../../../src/kernel/syscall.ts';
import type { FuseFile } from './mount.ts';

const [MOUNT, UMOUNT] = process.arch === 'x64' ? [165, 166] : [40, 39];
const MNT_DETACH = 2;
const OP = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  OPEN: 14,
  READ: 15,
  STATFS: 17,
  RELEASE: 18,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  RELEASEDIR: 29,
  INTERRUPT: 36,
  BATCH_FORGET: 42,
} as const;
const IN_HEADER = 40;
const OUT_HEADER = 16;
const FOPEN_DIRECT_IO = 1;
const O_DIRECT = process.arch === 'x64' ? 0o40000 : 0o200000;
const ROOT = 1n;

const [mountPoint = '', json = '{}'] = process.argv.slice(2);
const files = Object.entries(JSON.parse(json) as Record<string, FuseFile>);
const content = files.map(([, file]) => openSync(file.from, 'r'));
const device = openSync('/dev/fuse', 'r+');
/** Reads that wait for an answer they will not get. */
const hanging = new Set<bigint>();

function reply(unique: bigint, error: number, body: Uint8Array = new Uint8Array(0)): void {
  const message = Buffer.alloc(OUT_HEADER + body.length);
  message.writeUInt32LE(message.length, 0);
  message.writeInt32LE(-error, 4);
  message.writeBigUInt64LE(unique, 8);
  message.set(body, OUT_HEADER);
  try {
    writeSync(device, message);
  } catch {
    // The one who asked was killed meanwhile (ENOENT).
  }
}

/** struct fuse_attr; node N + 2 is file N. */
function attributes(node: bigint): Buffer {
  const attr = Buffer.alloc(88);
  const file = node === ROOT ? undefined : files[Number(node) - 2]?.[1];
  attr.writeBigUInt64LE(node, 0);
  attr.writeBigUInt64LE(BigInt(file?.size ?? 0), 8);
  attr.writeUInt32LE(node === ROOT ? 0o40755 : 0o100644, 60);
  attr.writeUInt32LE(1, 64);
  attr.writeUInt32LE(4096, 80);
  return attr;
}

function lookup(unique: bigint, name: string): void {
  const index = files.findIndex(([other]) => other === name);
  if (index < 0) {
    reply(unique, ERRNO.ENOENT);
    return;
  }
  const entry = Buffer.alloc(40);
  entry.writeBigUInt64LE(BigInt(index + 2), 0);
  reply(unique, 0, Buffer.concat([entry, attributes(BigInt(index + 2))]));
}

function open(unique: bigint, file: FuseFile, flags: number): void {
  if (file.refusesDirect === true && (flags & O_DIRECT) !== 0) {
    reply(unique, ERRNO.EINVAL);
    return;
  }
  const answer = Buffer.alloc(16);
  answer.writeUInt32LE(file.uncached === true ? FOPEN_DIRECT_IO : 0, 8);
  reply(unique, 0, answer);
}

function read(unique: bigint, index: number, offset: number, size: number): void {
  const file = files[index]?.[1];
  const fd = content[index];
  const end = offset + size;
  if (file === undefined || fd === undefined || end > (file.failsFrom ?? end)) {
    reply(unique, ERRNO.EIO);
    return;
  }
  if (file.hangsFrom !== undefined && end > file.hangsFrom) {
    hanging.add(unique);
    return;
  }
  const wanted = file.shortReads === true ? Math.max(1, Math.floor(size / 3)) : size;
  const data = Buffer.alloc(wanted);
  const last = file.endsAt === undefined ? wanted : Math.max(0, file.endsAt - offset);
  reply(unique, 0, data.subarray(0, Math.min(last, readSync(fd, data, 0, wanted, offset))));
}

function answer(request: Buffer): void {
  const opcode = request.readUInt32LE(4);
  const unique = request.readBigUInt64LE(8);
  const node = request.readBigUInt64LE(16);
  const body = request.subarray(IN_HEADER);
  const index = Number(node) - 2;
  switch (opcode) {
    case OP.INIT: {
      const init = Buffer.alloc(64);
      init.writeUInt32LE(7, 0);
      init.writeUInt32LE(31, 4);
      init.writeUInt32LE(131_072, 8);
      init.writeUInt16LE(64, 16);
      init.writeUInt16LE(48, 18);
      init.writeUInt32LE(131_072, 20);
      init.writeUInt32LE(1, 24);
      reply(unique, 0, init);
      return;
    }
    case OP.LOOKUP:
      lookup(unique, body.toString('utf8', 0, body.indexOf(0)));
      return;
    case OP.GETATTR:
      reply(unique, 0, Buffer.concat([Buffer.alloc(16), attributes(node)]));
      return;
    case OP.STATFS:
      reply(unique, 0, Buffer.alloc(80));
      return;
    case OP.OPENDIR:
      reply(unique, 0, Buffer.alloc(16));
      return;
    case OP.OPEN: {
      const file = files[index]?.[1];
      if (file === undefined) reply(unique, ERRNO.ENOENT);
      else open(unique, file, body.readUInt32LE(0));
      return;
    }
    case OP.READ:
      read(unique, index, Number(body.readBigUInt64LE(8)), body.readUInt32LE(16));
      return;
    case OP.RELEASE:
    case OP.FLUSH:
    case OP.RELEASEDIR:
      reply(unique, 0);
      return;
    case OP.FORGET:
    case OP.BATCH_FORGET:
      return;
    case OP.INTERRUPT: {
      // As NFS, which lets go of a process that is being killed.
      const target = body.readBigUInt64LE(0);
      if (hanging.delete(target)) reply(target, ERRNO.EINTR);
      return;
    }
    default:
      reply(unique, ERRNO.ENOSYS);
      return;
  }
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

function mount(): number {
  const options = `fd=${device},rootmode=40000,user_id=0,group_id=0,allow_other`;
  return lend(text('nairobi-test'), (source) =>
    lend(text(mountPoint), (target) =>
      lend(text('fuse'), (type) =>
        lend(text(options), (data) => syscall(MOUNT, source, target, type, 0, data)),
      ),
    ),
  );
}

const mounted = mount();
if (mounted < 0) {
  process.stdout.write(`refused ${mounted}\n`);
  process.exit(77);
}
process.stdout.write('mounted\n');
process.on('SIGTERM', () => undefined);
const request = Buffer.alloc(2 ** 20 + 4096);
for (;;) {
  let count: number;
  try {
    count = readSync(device, request);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENODEV') break; // unmounted
    if (code === 'EINTR' || code === 'ENOENT') continue;
    throw error;
  }
  answer(request.subarray(0, count));
}
closeSync(device);
lend(text(mountPoint), (target) => syscall(UMOUNT, target, MNT_DETACH));
