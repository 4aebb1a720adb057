import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { close, open, pread } from '../../src/kernel/calls.ts';
import { SYS } from '../../src/kernel/constants.ts';
import { checked, ERRNO, errnoName, KernelError } from '../../src/kernel/errno.ts';
import { type Fd, interpose, lend, syscall, viewOf } from '../../src/kernel/syscall.ts';

test('a system call answers its value', () => {
  expect(syscall(SYS.getpid)).toBe(process.pid);
});

test('a refused system call answers -errno', () => {
  expect(open('/nonexistent/file')).toBe(-ERRNO.ENOENT);
  expect(close(99_999 as Fd)).toBe(-ERRNO.EBADF);
});

test('errno numbers are those of the host', () => {
  for (const [name, number] of Object.entries(ERRNO)) {
    const host = (constants.errno as Record<string, number>)[name];
    if (host !== undefined) expect(`${name} ${number}`).toBe(`${name} ${host}`);
  }
});

test('a kernel error names what was done, the reason and the errno, and has a hint', () => {
  const error = new KernelError(ERRNO.EACCES, 'open /root/secret', { file: '/root/secret' });
  expect(error.message).toBe('Cannot open /root/secret: permission was denied (EACCES)');
  expect(error.code).toBe('NOT_READABLE');
  expect(error.hint).toMatch(/permissions/);
  expect(errnoName(4095)).toBe('errno 4095');
  expect(() => checked(-ERRNO.EIO, 'read x')).toThrow(KernelError);
  expect(checked(7, 'read x')).toBe(7);
});

test('the kernel reads and writes the very bytes of a lent view', () => {
  const fd = checked(open('/proc/self/comm'), 'open') as Fd;
  const bytes = new Uint8Array(16);
  const count = lend(bytes, (address) => pread(fd, address, bytes.byteLength, 0));
  close(fd);
  expect(count).toBeGreaterThan(1);
  expect(bytes[count - 1]).toBe('\n'.charCodeAt(0));
});

test('a view of an address shows the bytes that are there', () => {
  const bytes = Buffer.alloc(8192, 'q'); // beyond the pool of small buffers
  const copy = lend(bytes, (address) => Buffer.from(Buffer.from(viewOf(address, 8192))));
  expect(copy.equals(bytes)).toBe(true);
});

test('an interposed system call is undone at the end of its scope', () => {
  {
    using _fault = interpose(() => () => -ERRNO.ENOSYS);
    expect(syscall(SYS.getpid)).toBe(-ERRNO.ENOSYS);
  }
  expect(syscall(SYS.getpid)).toBe(process.pid);
});
