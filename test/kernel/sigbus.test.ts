import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { close, ftruncate, memfdCreate, mmap, munmap } from '../../src/kernel/calls.ts';
import { MAP, MEMFD } from '../../src/kernel/constants.ts';
import { guardFaults, HANDLER_CODE } from '../../src/kernel/sigbus.ts';
import { type Fd, viewOf } from '../../src/kernel/syscall.ts';

/** A mapping of `pages` pages whose file ends after the first. */
function shrunkMapping(pages: number): { bytes: Buffer; unmap: () => void } {
  const byteLength = pages * 4096;
  const fd = memfdCreate('shrinks', MEMFD.MFD_CLOEXEC) as Fd;
  ftruncate(fd, byteLength);
  const protection = MAP.PROT_READ | MAP.PROT_WRITE;
  const address = mmap(byteLength, { protection, flags: MAP.MAP_SHARED, fd });
  const bytes = Buffer.from(viewOf(BigInt(address), byteLength));
  bytes.fill(7);
  ftruncate(fd, 4096);
  close(fd);
  return { bytes, unmap: () => munmap(BigInt(address), byteLength) };
}

test('touching pages that a file lost reads zeros and is counted', (context) => {
  using guard = guardFaults();
  if (guard === undefined) return context.skip(`no handler for ${process.arch}`);
  const { bytes, unmap } = shrunkMapping(4);
  expect(bytes[4095]).toBe(7);
  expect(guard.faults).toBe(0);
  expect(bytes[4096]).toBe(0);
  expect(bytes[3 * 4096 + 5]).toBe(0);
  expect(guard.faults).toBe(2);
  expect(bytes[4097]).toBe(0);
  expect(guard.faults).toBe(2);
  using inner = guardFaults();
  expect(inner?.faults).toBe(0);
  unmap();
});

test('without a guard the fault ends the process, as it does everywhere else', (context) => {
  if (HANDLER_CODE[process.arch] === undefined) return context.skip('no handler');
  const program = `
    const { guardFaults } = await import('./src/kernel/sigbus.ts');
    const calls = await import('./src/kernel/calls.ts');
    const { viewOf } = await import('./src/kernel/syscall.ts');
    guardFaults()[Symbol.dispose]();
    const fd = calls.memfdCreate('x', 1);
    calls.ftruncate(fd, 4096);
    const view = Buffer.from(viewOf(BigInt(calls.mmap(4096, { protection: 3, flags: 1, fd })), 4096));
    calls.ftruncate(fd, 0);
    console.log(view[0]);`;
  const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program]);
  expect(run.stdout.toString()).toBe('');
  expect(run.signal).toBe('SIGBUS');
});

test('where no page can be put the process ends as by an abort, with the error', (context) => {
  if (HANDLER_CODE[process.arch] === undefined) return context.skip('no handler');
  const program = `
    const { guardFaults } = await import('./src/kernel/sigbus.ts');
    const { guardAborts } = await import('./src/kernel/abort.ts');
    const calls = await import('./src/kernel/calls.ts');
    const { viewOf } = await import('./src/kernel/syscall.ts');
    guardFaults();
    guardAborts().say('it became shorter', 7);
    const fd = calls.memfdCreate('x', 1);
    calls.ftruncate(fd, 4096);
    const address = calls.mmap(4096, { protection: 3, flags: 1, fd });
    if (calls.mseal(BigInt(address), 4096) < 0) process.exit(70);
    const view = Buffer.from(viewOf(BigInt(address), 4096));
    calls.ftruncate(fd, 0);
    console.log(view[0]);`;
  const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program]);
  if (run.status === 70) return context.skip('this kernel seals no mappings (6.10)');
  expect([run.signal, run.status, run.stdout.toString()]).toEqual([null, 7, '']);
  expect(run.stderr.toString()).toMatch(/it became shorter$/);
});

test.for([
  ['x64', ''],
  ['arm64', 'aarch64-linux-gnu-'],
] as const)('the bytes of the %s handler are its assembled source', ([arch, cross], context) => {
  const prefix = process.arch === arch ? '' : cross;
  if (prefix === '' && process.arch !== arch) context.skip(`no cross assembler for ${arch}`);
  const folder = mkdtempSync(join(tmpdir(), 'nairobi-asm-'));
  try {
    const [object, binary] = [join(folder, 'o'), join(folder, 'bin')];
    const as = spawnSync(`${prefix}as`, ['-o', object, `src/kernel/asm/${arch}.s`]);
    if (as.error !== undefined) context.skip(`${prefix}as is not installed`);
    expect(as.stderr.toString()).toBe('');
    spawnSync(`${prefix}objcopy`, ['-O', 'binary', '-j', '.text', object, binary]);
    expect(HANDLER_CODE[arch]).toBe(readFileSync(binary).toString('hex'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
