import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SYS } from '../../src/kernel/constants.ts';
import { ERRNO } from '../../src/kernel/errno.ts';

/**
 * What a container's seccomp profile does, for real: a filter in a child process answers every
 * io_uring call with an errno (seccomp(2), classic BPF: load the number, jump, return).
 */
const program = (errno: number): string => `
  const { lend, syscall } = await import('./src/kernel/syscall.ts');
  if (process.execve === undefined) { console.log('this Node has no execve'); process.exit(77); }
  const filter = new DataView(new ArrayBuffer(6 * 8));
  const put = (at, code, jt, jf, k) => {
    filter.setUint16(at * 8, code, true);
    filter.setUint8(at * 8 + 2, jt);
    filter.setUint8(at * 8 + 3, jf);
    filter.setUint32(at * 8 + 4, k, true);
  };
  put(0, 0x20, 0, 0, 0);                         // load the number of the call
  put(1, 0x15, 2, 0, ${SYS.io_uring_setup});     // equal: to the errno
  put(2, 0x15, 1, 0, ${SYS.io_uring_enter});
  put(3, 0x06, 0, 0, 0x7fff0000);                // allow
  put(4, 0x06, 0, 0, 0x00050000 | ${errno});     // answer the errno
  put(5, 0x06, 0, 0, 0x7fff0000);
  const NO_NEW_PRIVS = 38;
  syscall(${SYS.prctl}, NO_NEW_PRIVS, 1, 0, 0, 0);
  const rc = lend(filter, (code) => {
    const fprog = new BigUint64Array([6n, code]);
    return lend(fprog, (address) => syscall(${SYS.seccomp}, 1, 0, address));
  });
  if (rc < 0) { console.log('no seccomp ' + rc); process.exit(77); }
  // libuv has a ring from before the filter: a fresh process image has none.
  process.execve(process.execPath, [process.execPath, '--input-type=module-typescript', '-e', \`
    const { readFile } = await import('./src/uring/read-file.ts');
    const { Pool } = await import('./src/memory/pool.ts');
    const { facts, lease, byteLength } = readFile('/etc/passwd', { pool: new Pool() });
    const content = lease.bytes(0, byteLength).toString();
    console.log(JSON.stringify([facts.backend, facts.fallbackReason, content]));\`]);`;

test.each(['EPERM', 'ENOSYS', 'EACCES'] as const)(
  'under a seccomp filter that answers %s a file is read all the same, and the reason is told',
  (name) => {
    const args = ['--input-type=module-typescript', '-e', program(ERRNO[name])];
    const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (run.status === 77) {
      console.log(`skipped: ${run.stdout.trim()}`);
      return;
    }
    expect(run.stderr).toBe('');
    const [backend, reason, content] = JSON.parse(run.stdout) as string[];
    expect(backend).toBe('preadv2');
    expect(reason).toMatch(/io_uring is (forbidden|missing)/);
    expect(content).toBe(readFileSync('/etc/passwd', 'utf8'));
  },
);
