/** Keys whose values do not go together, as in `journalctl -o json`: texts, and arrays of bytes. */
import { describe, expect, test } from 'vitest';
import { folderWith, nairobi } from '../cli/nairobi.ts';

const lines = (rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const run = (args: readonly string[], files: Record<string, string>, input?: string) =>
  nairobi(args, { cwd: folderWith(files), ...(input === undefined ? {} : { input }) });

describe('a key of texts and arrays', () => {
  const journal = lines([
    { MESSAGE: 'started', _PID: '1' },
    { MESSAGE: [104, 105], _PID: '2' },
    { MESSAGE: [[1.5, true], null], _PID: '3' },
    { MESSAGE: null, _PID: '4' },
    { MESSAGE: '[7]', _PID: '5' },
  ]);
  const sql = (source: string): string => `select _PID, MESSAGE from ${source} order by 1`;

  test('is text, the arrays as JSON; the same of a pipe', () => {
    const file = run(['query', sql("'j.json'"), '--format', 'json'], { 'j.json': journal });
    expect(JSON.parse(file.stdout)).toEqual([
      { _PID: '1', MESSAGE: 'started' },
      { _PID: '2', MESSAGE: '[104, 105]' },
      { _PID: '3', MESSAGE: '[[1.5, true], null]' },
      { _PID: '4', MESSAGE: null },
      { _PID: '5', MESSAGE: '[7]' },
    ]);
    const pipe = run(['query', sql('stdin'), '-', '--format', 'json'], {}, journal);
    expect(pipe.stdout).toBe(file.stdout);
  });

  test('its parts are read by the functions of JSON', () => {
    const { stdout } = run(
      ['query', "select MESSAGE->>0 as b from 'j.json' where _PID = '2'", '--types', '_PID=text'],
      { 'j.json': journal },
    );
    expect(stdout).toBe('b\n104\n');
  });

  test('is described by stats', () => {
    const { code, stdout } = run(['stats', 'j.json', '--csv'], { 'j.json': journal });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^MESSAGE,String,4,1,/m);
  });
});

describe('what could not be told apart as text', () => {
  test.each([
    [
      '{"a":["q\\"\\\\"]}\n{"a":"x"}\n',
      'The key "a" holds texts and arrays',
      'jq -c \'.["a"] |= tostring\'',
    ],
    ['{"a":{"b":1}}\n{"a":"x"}\n', 'The key "a" holds texts and objects', 'tostring'],
    ['{"a":{"b":1}}\n{"a":{"b":"x"}}\n', 'Inside "a" one key holds numbers and texts', 'jq'],
  ])('%j is an error that says what to do', (text, message, hint) => {
    const { stderr, code } = run(['query', "select a from 'n.ndjson'"], { 'n.ndjson': text });
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(code).toBe(1);
  });

  test('so is a late one, of a file and of a pipe longer than its first piece', () => {
    const head = lines(
      Array.from({ length: 90_000 }, (_, i) => ({ a: i % 2 ? 'text' : [i], n: 'x'.repeat(60) })),
    );
    const text = `${head}{"a":["b"]}\n`;
    const sql = 'select count(a) as c from data';
    for (const { stdout, stderr, code } of [
      run(['query', sql, 'late.ndjson'], { 'late.ndjson': text }),
      run(['query', sql, '-'], {}, text),
    ]) {
      expect(stderr).toContain('"a"');
      expect([stdout, code]).toEqual(['', 1]);
    }
  });

  test('with digits that a double has not, are an error', () => {
    const deep = '{"a":[1.2345678901234567890123]}\n{"a":"x"}\n';
    const { stderr, code } = run(['query', "select a from 'd.ndjson'"], { 'd.ndjson': deep });
    expect(stderr).toContain('more digits than a double holds');
    expect(code).toBe(1);
  });
});
