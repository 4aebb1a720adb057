// Compares src/kernel/constants.ts and the sizes in layout.ts with the headers of this machine.
// Needs a C compiler and linux-libc-dev; says so and ends with 77 (skipped) where they are missing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as constants from '../src/kernel/constants.ts';
import { LAYOUTS } from '../src/kernel/layout.ts';

const SKIPPED = 77;

const STRUCTS = {
  SQE: 'struct io_uring_sqe',
  CQE: 'struct io_uring_cqe',
  PARAMS: 'struct io_uring_params',
  SQ_OFFSETS: 'struct io_sqring_offsets',
  CQ_OFFSETS: 'struct io_cqring_offsets',
  GETEVENTS_ARG: 'struct io_uring_getevents_arg',
  PROBE: 'struct io_uring_probe',
  PROBE_OP: 'struct io_uring_probe_op',
  RSRC_UPDATE: 'struct io_uring_rsrc_update',
  IOVEC: 'struct iovec',
  TIMESPEC: 'struct __kernel_timespec',
  RLIMIT64: 'struct rlimit64',
  STATFS: 'struct statfs',
};

// Enumerators cannot be asked for with #ifdef; all of these are older than any header in use.
const ENUMERATORS = /^IORING_(OP|REGISTER|UNREGISTER)_/;

const numbers = new Map();
for (const table of [
  constants.OPEN,
  constants.OPEN_ARCH,
  constants.MAP,
  constants.MADV,
  constants.MEMFD,
  constants.FCNTL,
  constants.FALLOCATE,
  constants.RLIMIT,
  constants.SIGNAL,
  constants.POLL,
  constants.FADVISE,
  constants.BLOCK_DEVICE,
  constants.RWF,
  constants.SETUP,
  constants.FEATURE,
  constants.RING_OFFSET,
  constants.SQ_FLAG,
  constants.ENTER,
  constants.OP,
  constants.SQE_FLAG,
  constants.REGISTER,
  constants.FS_MAGIC,
]) {
  for (const [name, value] of Object.entries(table)) numbers.set(name, value);
}
for (const [name, value] of Object.entries(constants.SYS)) numbers.set(`SYS_${name}`, value);

// The C library defines it as 0 on 64-bit machines and adds the bit itself; the kernel has a bit.
numbers.delete('O_LARGEFILE');

const IOSQE_BITS = new Map([
  ['IOSQE_FIXED_FILE', 'IOSQE_FIXED_FILE'],
  ['IOSQE_ASYNC', 'IOSQE_ASYNC'],
]);

const lines = [...numbers.keys()].map((name) => {
  const print = `  printf("${name} %lld\\n", (long long)(${name}));`;
  if (ENUMERATORS.test(name) || IOSQE_BITS.has(name)) return print;
  return `#ifdef ${name}\n${print}\n#endif`;
});
for (const [name, type] of Object.entries(STRUCTS)) {
  lines.push(`  printf("sizeof_${name} %zu\\n", sizeof(${type}));`);
}

const program = `
#define _GNU_SOURCE
#include <stdio.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/time_types.h>
int main(void) {
${lines.join('\n')}
  return 0;
}
`;

const folder = mkdtempSync(join(tmpdir(), 'nairobi-constants-'));
try {
  writeFileSync(join(folder, 'check.c'), program);
  const compiled = spawnSync('cc', ['-w', '-o', join(folder, 'check'), join(folder, 'check.c')], {
    encoding: 'utf8',
  });
  if (compiled.error !== undefined || compiled.status !== 0) {
    const why = compiled.error?.message ?? compiled.stderr.split('\n')[0];
    console.log(`skipped: no C compiler or no kernel headers here (${why})`);
    process.exitCode = SKIPPED;
  } else {
    compare(spawnSync(join(folder, 'check'), { encoding: 'utf8' }).stdout);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function compare(output) {
  const theirs = new Map(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
  const differing = [];
  const check = (name, ours) => {
    const header = theirs.get(name);
    if (header === undefined) return false;
    // Flags in bit 31 print as negative numbers on one side or the other.
    if (BigInt.asUintN(32, BigInt(header)) !== BigInt.asUintN(32, BigInt(ours))) {
      differing.push(`${name}: ours ${ours}, the header's ${header}`);
    }
    return true;
  };
  const unknown = [...numbers].filter(([name, value]) => !check(name, value)).map(([name]) => name);
  for (const name of Object.keys(STRUCTS)) check(`sizeof_${name}`, LAYOUTS[name].size);
  console.log(`compared ${theirs.size} numbers with the headers of this machine`);
  if (unknown.length > 0) console.log(`older headers lack: ${unknown.join(', ')}`);
  differing.push(...genericTable());
  for (const line of differing) console.log(`DIFFERS ${line}`);
  process.exitCode = differing.length > 0 ? 1 : 0;
}

/** asm-generic/unistd.h is arm64's own table, and it is installed on every architecture. */
function genericTable() {
  const header = '/usr/include/asm-generic/unistd.h';
  if (!existsSync(header)) return [];
  const theirs = new Map(
    [...readFileSync(header, 'utf8').matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm)].map(
      ([, name, number]) => [name, Number(number)],
    ),
  );
  const ours = Object.entries(constants.SYSCALLS_BY_ARCH.arm64);
  const known = ours.filter(([name]) => theirs.has(name));
  console.log(`compared ${known.length} system calls of arm64`);
  return known
    .filter(([name, number]) => theirs.get(name) !== number)
    .map(([name, number]) => `arm64 ${name}: ours ${number}, the header's ${theirs.get(name)}`);
}
