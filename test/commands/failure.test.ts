import { afterEach, describe, expect, test, vi } from 'vitest';
import { reportFailure } from '../../src/commands/failure.ts';
import { NairobiError } from '../../src/errors.ts';

/** What reportFailure wrote to stderr, and the exit code it left. */
function told(thrown: unknown, json = false): { text: string; code: typeof process.exitCode } {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const before = process.exitCode;
  reportFailure(thrown, { json, id: 'query' });
  const code = process.exitCode;
  process.exitCode = before;
  return { text: write.mock.calls.map(([text]) => text).join(''), code };
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('a failure', () => {
  test('says what, where and what to do, each on its own line', () => {
    const error = new NairobiError('BAD_DATA', 'Cannot read "x" as Int64', {
      where: { file: 'a.csv', line: 3, column: 'age', byte: 17 },
      hint: 'use --types age=text',
    });
    expect(told(error)).toEqual({
      text:
        'nairobi: Cannot read "x" as Int64\n' +
        '  at a.csv:3:age (byte 17)\n' +
        '  hint: use --types age=text\n',
      code: 1,
    });
  });

  test('is one JSON object with --json', () => {
    const error = new NairobiError('MEMORY_LIMIT', 'Does not fit', { hint: 'raise it' });
    const { text, code } = told(error, true);
    expect(JSON.parse(text)).toEqual({
      error: { code: 'MEMORY_LIMIT', message: 'Does not fit', hint: 'raise it', exit: 4 },
    });
    expect([text.endsWith('\n'), code]).toEqual([true, 4]);
  });

  test('of the program itself is called a bug, in one line and without a stack', () => {
    const { text, code } = told(new TypeError('x is not a function\nand more'));
    expect(text).toMatch(/^nairobi: this is a bug in nairobi.*: x is not a function\n {2}hint:/);
    expect(text).not.toMatch(/\n\s+at /);
    expect(code).toBe(1);
  });

  test('shows its stack and its causes with NAIROBI_DEBUG=1', () => {
    vi.stubEnv('NAIROBI_DEBUG', '1');
    const { text } = told(new NairobiError('IO', 'outer', { cause: new Error('inner') }));
    expect(text).toMatch(/Error: outer\n\s+at [\s\S]*Error: inner\n\s+at /);
  });

  test('of a closed pipe is none', () => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(told(gone)).toEqual({ text: '', code: 0 });
  });

  test.each([
    ['ENOENT', 1],
    ['EACCES', 1],
    ['ENOSPC', 1],
    ['EMFILE', 3],
  ])('of a system call (%s) that nobody explained is still no bug', (errno, expected) => {
    const error = Object.assign(new Error(`${errno}: no luck, open 'f'`), {
      code: errno,
      path: 'f',
    });
    expect(told(error)).toEqual({
      text: `nairobi: ${errno}: no luck, open 'f'\n  at f\n`,
      code: expected,
    });
  });

  test('of fs.rm, which Node leaves without a code, is no bug either', () => {
    const error = Object.assign(new Error(", Unknown error: No space left on device 'f'"), {
      code: '',
      syscall: 'rm',
      path: 'f',
    });
    expect(told(error)).toEqual({
      text: "nairobi: No space left on device 'f'\n  at f\n",
      code: 1,
    });
  });
});
