import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ABORT_CODE } from '../../src/kernel/abort.ts';
import { INTERRUPT_CODE } from '../../src/kernel/interrupt.ts';

const INTERRUPT = JSON.stringify(
  new URL('../../src/kernel/interrupt.ts', import.meta.url).pathname,
);
const KERNEL = JSON.stringify(new URL('../../src/kernel/abort.ts', import.meta.url).pathname);

/** A program that aborts under the guard, perhaps after it was taken down. */
function aborted(before: string): ReturnType<typeof spawnSync> {
  const program = `
    const { guardAborts } = await import(${KERNEL});
    const guard = guardAborts();
    guard.say('a text\\n', 7);
    ${before}
    process.abort();`;
  return spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program]);
}

test('an abort says what it was told and ends with the exit code', (context) => {
  if (ABORT_CODE[process.arch] === undefined) context.skip(`no handler for ${process.arch}`);
  const { status, stderr } = aborted('');
  expect(stderr.toString()).toMatch(/a text\n$/);
  expect(status).toBe(7);
});

test('without a guard an abort is an abort', () => {
  const { signal, stderr } = aborted('guard[Symbol.dispose]();');
  expect(signal).toBe('SIGABRT');
  expect(stderr.toString()).not.toContain('a text');
});

test('what a signal ends says its last words and is ended by the signal', (context) => {
  if (INTERRUPT_CODE[process.arch] === undefined) context.skip(`no handler for ${process.arch}`);
  const ended = (before: string): [NodeJS.Signals | null, string] => {
    const program = `
      const { sayWhenEnded } = await import(${INTERRUPT});
      const guard = sayWhenEnded('SIGINT', 'last words');
      ${before}
      process.kill(process.pid, 'SIGINT');
      for (const end = Date.now() + 5000; Date.now() < end; );`;
    const argv = ['--input-type=module-typescript', '-e', program];
    const { signal, stderr } = spawnSync(process.execPath, argv);
    return [signal, stderr.toString()];
  };
  expect(ended('')).toEqual(['SIGINT', 'last words']);
  expect(ended('guard[Symbol.dispose]();')).toEqual(['SIGINT', '']);
});

test.for([
  ['abort', ABORT_CODE, 'x64', ''],
  ['abort', ABORT_CODE, 'arm64', 'aarch64-linux-gnu-'],
  ['interrupt', INTERRUPT_CODE, 'x64', ''],
  ['interrupt', INTERRUPT_CODE, 'arm64', 'aarch64-linux-gnu-'],
] as const)(
  'the bytes of the handler %s are its assembled source',
  ([name, code, arch, cross], context) => {
    const prefix = process.arch === arch ? '' : cross;
    if (prefix === '' && process.arch !== arch) context.skip(`no cross assembler for ${arch}`);
    const folder = mkdtempSync(join(tmpdir(), 'nairobi-asm-'));
    try {
      const [object, binary] = [join(folder, 'o'), join(folder, 'bin')];
      const as = spawnSync(`${prefix}as`, ['-o', object, `src/kernel/asm/${name}-${arch}.s`]);
      if (as.error !== undefined) context.skip(`${prefix}as is not installed`);
      expect(as.stderr.toString()).toBe('');
      spawnSync(`${prefix}objcopy`, ['-O', 'binary', '-j', '.text', object, binary]);
      expect(code[arch]).toBe(readFileSync(binary).toString('hex'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
