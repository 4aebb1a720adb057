import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { READERS } from './commands.ts';
import { folderWith, nairobi, namesIn, type Outcome, shell } from './nairobi.ts';

/** What every refusal has in common: one message, a place, nothing on stdout, no stack. */
function expectRefusal(outcome: Outcome, what: RegExp, code = 1): void {
  expect(outcome.stderr).toMatch(/^nairobi: \S/);
  expect(outcome.stderr).toMatch(what);
  expect(outcome.stderr).not.toMatch(/\n\s+at .*(file:|node:|\.[jt]s:)|this is a bug/);
  expect(outcome.stdout).toBe('');
  expect(outcome.code).toBe(code);
}

/** Bytes that no text is, the same in every run. */
function noise(length: number): Uint8Array {
  const sample = fc.sample(fc.uint8Array({ minLength: length, maxLength: length }), {
    numRuns: 1,
    seed: 42,
  });
  return sample[0] ?? new Uint8Array(length);
}

const CASES: readonly {
  readonly input: string;
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly message: RegExp;
}[] = [
  {
    input: 'an empty file',
    name: 'empty.csv',
    content: '',
    message: /empty[\s\S]*at .*empty\.csv/,
  },
  {
    input: 'binary garbage called CSV',
    name: 'noise.csv',
    content: noise(100_000),
    message: /at .*noise\.csv.*byte \d+[\s\S]*hint: /,
  },
  {
    input: 'binary garbage called Parquet',
    name: 'noise.parquet',
    content: noise(100_000),
    message: /not parquet[\s\S]*at .*noise\.parquet/,
  },
  {
    input: 'a Parquet file cut off in the middle',
    name: 'cut.parquet',
    content: `PAR1${'\0'.repeat(64)}PAR1`,
    message: /cut\.parquet/,
  },
  {
    input: 'a ragged line',
    name: 'ragged.csv',
    content: 'x,y\n1,2\n3\n4,5\n',
    message:
      /1 field where the header has 2[\s\S]*at .*ragged\.csv:3.*byte 8[\s\S]*hint: --on-error/,
  },
  {
    input: 'bytes that are not UTF-8',
    name: 'latin.csv',
    content: new Uint8Array([...Buffer.from('x,y\n1,caf'), 0xe9, 0x0a]),
    message: /(utf-8|UTF-8)[\s\S]*at .*latin\.csv:2.*byte \d+[\s\S]*hint: /,
  },
];

describe.each(READERS)('$name', ({ name, args }) => {
  test('refuses a file that is not there and says its name', () => {
    const folder = folderWith();
    const outcome = nairobi(args('missing.csv', 'x', 'y'), { cwd: folder });
    expectRefusal(outcome, /"missing\.csv"/);
    expect(namesIn(folder)).toEqual([]);
  });

  test('has nothing to say about a directory without data files', () => {
    const folder = folderWith();
    mkdirSync(path.join(folder, 'bare'));
    const outcome = nairobi(args('bare', 'x', 'y'), { cwd: folder });
    // An inbox that is empty is no fault of a run from cron.
    if (name === 'ingest')
      expect([outcome.code, outcome.stderr]).toEqual([0, expect.stringContaining('nothing new')]);
    else expectRefusal(outcome, /"?bare"?/);
    expect(namesIn(folder)).toEqual(['bare']);
  });

  test('refuses a file it may not read', ({ skip }) => {
    const folder = folderWith({ 'secret.csv': 'x,y\n1,2\n' });
    chmodSync(folder, 0o777);
    chmodSync(path.join(folder, 'secret.csv'), 0);
    const words = args('secret.csv', 'x', 'y')
      .map((word) => `'${word}'`)
      .join(' ');
    const root = process.getuid?.() === 0;
    const drop = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
    if (root) {
      const able = shell(`${drop} test -r "$(dirname "$NAIROBI")/../dist/main.js"`).code === 0;
      skip(!able, 'another user cannot run the program from this folder');
    }
    const line = root ? `${drop} "$NAIROBI" ${words}` : `nairobi ${words}`;
    expectRefusal(shell(line, { cwd: folder }), /secret\.csv/);
    expect(namesIn(folder)).toEqual(['secret.csv']);
  });

  test.each(CASES)('refuses $input and leaves no file behind', ({ name, content, message }) => {
    const folder = folderWith({ [name]: content });
    expectRefusal(nairobi(args(name, 'x', 'y'), { cwd: folder }), message);
    expect(namesIn(folder)).toEqual([name]);
  });

  test('tells a refusal as one JSON object on stderr with --json', () => {
    const folder = folderWith({ 'ragged.csv': 'x,y\n1,2\n3\n' });
    const words = [...args('ragged.csv', 'x', 'y'), '--json'];
    const { stdout, stderr, code } = nairobi(words, { cwd: folder });
    const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ code: 'BAD_DATA', exit: 1, where: { line: 3, byte: 8 } });
    expect([stdout, code]).toEqual(['', 1]);
  });
});

describe.each(READERS)('$name takes', ({ args, output }) => {
  const accepts = (name: string, content: string): void => {
    const folder = folderWith({ [name]: content });
    const { stderr, code } = nairobi(args(name, 'x', 'y'), { cwd: folder });
    expect(code, stderr).toBe(0);
    expect(namesIn(folder)).toEqual([name, ...(output === undefined ? [] : [output])].sort());
  };

  test('a header without rows', () => accepts('header.csv', 'x,y\n'));
  test('a byte order mark and CRLF', () => accepts('bom.csv', '\ufeffx,y\r\n1,2\r\n3,4\r\n'));
  test('one row without a line end', () => accepts('one.csv', 'x,y\n1,2'));
  test('a quoted name with a comma', () => accepts('a, b.csv', 'x,y,"a, ""b"""\n1,2,3\n'));
});

describe('a column that is not there', () => {
  test('is refused with the one that was meant', () => {
    const folder = folderWith({ 't.csv': 'speed,height\n1,2\n' });
    const words = ['plot', 't.csv', '-x', 'sped', '-y', 'height', '-o', 'o.png'];
    expectRefusal(nairobi(words, { cwd: folder }), /"sped"[\s\S]*hint: did you mean "speed"/);
    expect(namesIn(folder)).toEqual(['t.csv']);
    expectRefusal(nairobi(['stats', 't.csv', 'sped'], { cwd: folder }), /"sped"[\s\S]*"speed"/);
  });
});

describe('output that cannot be written', () => {
  test('to a full device is a failure that says so', () => {
    const folder = folderWith({ 't.csv': 'x,y\n1,2\n' });
    const outcome = shell('nairobi stats t.csv > /dev/full', { cwd: folder });
    expectRefusal(outcome, /no space left/i);
  });

  test('to a reader that went away is none', () => {
    const folder = folderWith({ 't.csv': 'x,y\n1,2\n' });
    const outcome = shell('set -o pipefail; nairobi stats t.csv | true', { cwd: folder });
    expect(outcome).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  test.each([['ingest t.csv -o full/out.parquet'], ['plot t.csv -x x -y y -o full/out.png']])(
    'to a full disk fails and leaves nothing: %s',
    (words) => {
      const rows = Array.from({ length: 30_000 }, (_, row) => `${row},${(row * 7919) % 104729}`);
      const folder = folderWith({ 't.csv': `x,y\n${rows.join('\n')}\n` });
      mkdirSync(path.join(folder, 'full'));
      const line = `unshare -rm sh -c 'mount -t tmpfs -o size=12k none full && "$NAIROBI" ${words};
      code=$?; ls -A full >&2; exit $code'`;
      expectRefusal(shell(line, { cwd: folder }), /space[\s\S]*/i);
    },
  );
});

describe('an integer beyond 2^53', () => {
  const content = 'x,y\n9007199254740993,1\n-9223372036854775808,2\n9223372036854775807,3\n';

  test('is exact in the figures', () => {
    const folder = folderWith({ 'big.csv': content });
    const { stdout } = nairobi(['stats', 'big.csv', '--json'], { cwd: folder });
    expect(stdout).toContain('-9223372036854775808');
    expect(stdout).toContain('9223372036854775807');
  });

  test('is exact after a way through every file format', () => {
    const folder = folderWith({ 'big.csv': content });
    for (const [from, to] of [
      ['big.csv', 'a.parquet'],
      ['big.csv', 'b.arrow'],
      ['big.csv', 'd.csv'],
    ] as const) {
      expect(nairobi(['ingest', from, '-o', to], { cwd: folder }).code).toBe(0);
      const { stdout } = nairobi(['stats', to, 'x', '--json'], { cwd: folder });
      expect(stdout, to).toContain('-9223372036854775808');
      expect(stdout, to).toContain('9223372036854775807');
    }
    expect(readFileSync(path.join(folder, 'd.csv'), 'utf8')).toBe(content);
  });
});

describe('an integer of 39 digits', () => {
  const largest = '170141183460469231731687303715884105727';
  const sql = `select ${largest}::hugeint as h union all select 5 order by h desc`;

  test.each([
    ['csv', `h\n${largest}\n5\n`],
    ['ndjson', `{"h":${largest}}\n{"h":5}\n`],
  ])('keeps its digits in %s', (format, expected) => {
    expect(nairobi(['query', sql, '--format', format]).stdout).toBe(expected);
  });

  test.each(['parquet', 'arrow'])('is refused in %s, whose integers end before', (format) => {
    const cwd = folderWith({});
    const { code, stderr } = nairobi(['query', sql, '-o', `h.${format}`], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('more than the 38 digits');
  });
});

describe('a quoted line break', () => {
  test.each([-2, -1, 0, 1])('at %i bytes from the end of a block is part of its field', (shift) => {
    const block = 1024 * 1024;
    const head = 'x,y\n';
    const filler = `${'f'.repeat(97)},0\n`;
    const count = Math.floor((block - head.length - 400) / filler.length);
    const rest = block + shift - head.length - count * filler.length;
    const broken = `"${'q'.repeat(rest - 1)}\r\n,""\n",1\n`;
    const content = head + filler.repeat(count) + broken + filler.repeat(100);
    const folder = folderWith({ 'broken.csv': content });
    const { stdout, stderr } = nairobi(['stats', 'broken.csv', 'y', '--json'], { cwd: folder });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ columns: [{ column: 'y', sum: 1 }] });
    expect(stdout).toContain(String(count + 101));
    expect(nairobi(['ingest', 'broken.csv', '-o', 'out.csv'], { cwd: folder }).code).toBe(0);
    expect(readFileSync(path.join(folder, 'out.csv'), 'utf8')).toBe(content);
  });
});
