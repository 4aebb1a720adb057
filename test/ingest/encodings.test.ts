/** Text that is not UTF-8: the rows are those of `query`, and places are those of the file. */
import { appendFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { nairobi, workspace } from './binary.ts';

const TEXT = 'id,name\n1,anna\n2,zoë\n3,ÿ\n';

const BYTES = {
  utf16le: (text: string) => Buffer.from(text, 'utf16le'),
  utf16be: (text: string) => Buffer.from(text, 'utf16le').swap16(),
  latin1: (text: string) => Buffer.from(text, 'latin1'),
};

test.each(Object.entries(BYTES))(
  '%s is read from files, compressed ones and pipes',
  (name, encode) => {
    using room = workspace('encodings');
    const { path } = room;
    const mark = name === 'latin1' ? '' : '\uFEFF';
    writeFileSync(join(path, 'a.csv'), encode(mark + TEXT));
    writeFileSync(join(path, 'a.csv.gz'), gzipSync(encode(mark + TEXT)));
    const said = name === 'latin1' ? ['--encoding', name] : [];
    const pipe = ['sh', '-c', 'cat a.csv | "$0" "$@"'];
    for (const [source, before] of [['a.csv'], ['a.csv.gz'], ['-', pipe]] as const) {
      const run = nairobi(path, ['ingest', source, ...said, '-o', 'out.csv'], before);
      expect(run, source).toMatchObject({ code: 0 });
      expect(readFileSync(join(path, 'out.csv'), 'utf8'), source).toBe(TEXT);
    }
  },
);

test.each(Object.entries(BYTES))('a log in %s is read on where it stopped', (name, encode) => {
  using room = workspace('encodings');
  const { path } = room;
  const log = join(path, 'log.csv');
  const run = (...more: string[]) => {
    const wishes = ['--encoding', name, '--state', 's', '-o', 'out.csv', ...more];
    return nairobi(path, ['ingest', 'log.csv', ...wishes]);
  };
  const mark = name === 'latin1' ? '' : '\uFEFF';
  const begun = encode(`${mark}id,name\n1,ä\n2,ö\n3,h`);
  writeFileSync(log, begun.subarray(0, -1));
  expect(run()).toMatchObject({ code: 0 });
  appendFileSync(log, Buffer.concat([begun.subarray(-1), encode('é\nx,bad\n4,ü\n5')]));
  expect(run('--on-error', 'quarantine', '--rejects', 'bad')).toMatchObject({ code: 5 });
  expect(run('--on-error', 'skip', '--final')).toMatchObject({ code: 5 });
  expect(readFileSync(join(path, 'out.csv'), 'utf8')).toBe('id,name\n1,ä\n2,ö\n3,hé\n4,ü\n');
  const { byte, line } = JSON.parse(readFileSync(join(path, 'bad'), 'utf8'));
  expect({ byte, line }).toEqual({ byte: readFileSync(log).indexOf(encode('x,bad')), line: 5 });
});

test('lines of JSON in UTF-16 are told from CSV, with and without a name that says so', () => {
  using room = workspace('encodings');
  const { path } = room;
  const lines = '{"a":"ö"}\n{"a":"y"}\n';
  for (const name of ['l.ndjson', 'l.json', 'l']) {
    writeFileSync(join(path, name), Buffer.from(`\uFEFF${lines}`, 'utf16le'));
    expect(nairobi(path, ['ingest', name, '-o', 'out.ndjson']).code, name).toBe(0);
    expect(readFileSync(join(path, 'out.ndjson'), 'utf8'), name).toBe(lines);
  }
});

test('bytes that no text has are refused, without end from a device too', () => {
  using room = workspace('encodings');
  const { path } = room;
  writeFileSync(join(path, 'a.csv'), 'a,b\n1,x\0y\n');
  const binary = nairobi(path, ['ingest', 'a.csv', '-o', 'out.csv']);
  expect(binary.stderr).toMatch(/binary data, not text\n {2}at .*a\.csv \(byte 7\)/);
  const device = nairobi(path, ['ingest', '/dev/zero', '-o', 'out.csv']);
  expect(device.stderr).toContain('A record is longer than 16 MiB');
});

test('a file that is named twice, or has two names, is read once', () => {
  using room = workspace('encodings');
  const { path } = room;
  writeFileSync(join(path, 'log.csv'), 'a\n1\n');
  symlinkSync('log.csv', join(path, 'now.csv'));
  const run = nairobi(path, ['ingest', 'log.csv', '*.csv', '-o', 'out.ndjson']);
  expect(readFileSync(join(path, 'out.ndjson'), 'utf8')).toBe('{"a":1}\n');
  expect(run.stderr).toContain('log.csv was named twice: it is read once');
  expect(run.stderr).toMatch(/now\.csv and .*log\.csv are one file: read once/);
});
