/**
 * Runs the arm64 bytes of our signal handlers on an x86-64 host, by qemu's emulation of a process.
 * On an arm64 host the other tests of this room run them.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ABORT_CODE } from '../../../src/kernel/abort.ts';
import { SIGNAL } from '../../../src/kernel/constants.ts';
import { INTERRUPT_CODE } from '../../../src/kernel/interrupt.ts';
import { HANDLER_CODE } from '../../../src/kernel/sigbus.ts';

const QEMU = ['qemu-aarch64-static', 'qemu-aarch64'].find(works);
const TOOLS = 'aarch64-linux-gnu-';
const missing = QEMU === undefined ? 'qemu-aarch64' : works(`${TOOLS}as`) ? '' : `${TOOLS}as`;
if (missing !== '') console.log(`skipped: ${missing} is not installed`);

const folder = mkdtempSync(join(tmpdir(), 'nairobi-arm64-'));
afterAll(() => rmSync(folder, { recursive: true }));
copyFileSync(new URL('./harness.s', import.meta.url), join(folder, 'harness.s'));

function works(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

/** As rt_sigaction(2) takes them: kernel_sigaction has no restorer on arm64. */
const FLAGS = SIGNAL.SA_SIGINFO | SIGNAL.SA_NODEFER | SIGNAL.SA_ONSTACK;

interface Scenario {
  readonly code: Readonly<Record<string, string>>;
  readonly symbols: Readonly<Record<'KIND' | 'ARMED' | 'SIGNAL', number>> &
    Partial<Record<'OFFSET' | 'PAGE' | 'FLAGS', number>>;
}

/** Builds harness.s around the handler and runs it. */
function run({ code, symbols }: Scenario) {
  writeFileSync(join(folder, 'handler.bin'), Buffer.from(code['arm64'] ?? '', 'hex'));
  const all = { OFFSET: 0, PAGE: 4096, FLAGS, ...symbols };
  const defined = Object.entries(all).flatMap(([name, value]) => ['--defsym', `${name}=${value}`]);
  for (const [program, ...args] of [
    ['as', ...defined, '-o', 'harness.o', 'harness.s'],
    ['ld', '-o', 'harness', 'harness.o'],
  ] as const) {
    const built = spawnSync(`${TOOLS}${program}`, args, { cwd: folder, encoding: 'utf8' });
    expect(built.stderr).toBe('');
  }
  // No core file where it is ended by a signal.
  const line = `ulimit -c 0; exec ${QEMU} ./harness`;
  const { status, signal, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { cwd: folder });
  return { status, signal, stdout, stderr: stderr.toString() };
}

describe.skipIf(missing !== '')('on arm64', () => {
  const sigbus = (symbols: Partial<Scenario['symbols']>) =>
    run({ code: HANDLER_CODE, symbols: { KIND: 1, ARMED: 1, SIGNAL: SIGNAL.SIGBUS, ...symbols } });

  test('touching a page that a file lost reads zeros and is counted, whichever byte it is', () => {
    const offset = fc.oneof(
      fc.constantFrom(0, 4095, 4096, 4097, 8191, 8192, 65_535),
      fc.integer({ min: 0, max: 65_535 }),
    );
    fc.assert(
      fc.property(offset, (at) => {
        const { status, signal, stdout } = sigbus({ OFFSET: at });
        expect([status, signal]).toEqual([0, null]);
        const [armed, faults, address] = [0, 8, 16].map((word) => stdout.readBigUInt64LE(word));
        const mapping = stdout.readBigUInt64LE(96);
        const lost = at >= 4096;
        expect([armed, faults]).toEqual([1n, lost ? 1n : 0n]);
        expect(address).toBe(lost ? mapping + BigInt(at) : 0n);
        const byte = at === 0 ? 7 : 0;
        expect([...stdout.subarray(104, 107)]).toEqual([byte, byte, 7]);
      }),
      { numRuns: 12 },
    );
  });

  test('without a guard the fault ends the process', () => {
    expect(sigbus({ ARMED: 0, OFFSET: 5000 }).signal).toBe('SIGBUS');
  });

  test('where no page can be put the process ends as by abort(3)', () => {
    expect(sigbus({ PAGE: 0, OFFSET: 5000 }).signal).toBe('SIGABRT');
  });

  test('an abort says what it was told and ends with the exit code; without a guard it goes on', () => {
    const abort = (armed: number) =>
      run({ code: ABORT_CODE, symbols: { KIND: 2, ARMED: armed, SIGNAL: SIGNAL.SIGABRT } });
    expect(abort(1)).toMatchObject({ status: 9, stderr: 'last words\n' });
    expect(abort(0)).toMatchObject({ status: 0, stderr: '' });
  });

  test('what a signal ends says its last words and is ended by the signal', () => {
    const symbols = { KIND: 3, ARMED: 1, SIGNAL: SIGNAL.SIGINT };
    const resetting = { ...symbols, FLAGS: (FLAGS | SIGNAL.SA_RESETHAND) >>> 0 };
    expect(run({ code: INTERRUPT_CODE, symbols: resetting })).toMatchObject({
      signal: 'SIGINT',
      stderr: 'last words\n',
    });
  });
});
