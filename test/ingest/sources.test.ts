import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseInfluxLine, parseJsonLine } from '../../src/ingest/decode/lines.ts';
import { duck, nairobi, start, workspace } from './binary.ts';

const CSV = `id,ts,device,value\n${Array.from({ length: 600 }, (_, i) => `${i},2026-11-21 10:${String(Math.floor(i / 10)).padStart(2, '0')}:00,dev-${i % 3},${i / 4}\n`).join('')}`;

test('compressed files, Parquet and standard input give the same rows as the text', async () => {
  using room = workspace('sources');
  const { path } = room;
  writeFileSync(join(path, 'in.csv'), CSV);
  writeFileSync(join(path, 'in.csv.gz'), gzipSync(CSV));
  writeFileSync(join(path, 'in.csv.zst'), zstdCompressSync(CSV));
  const outputs = ['text', 'gz', 'zst', 'copy', 'pipe'].map((name) => `${name}.parquet`);
  const inputs = ['in.csv', 'in.csv.gz', 'in.csv.zst', 'gz.parquet'];
  for (const [index, input] of inputs.entries()) {
    const args = ['ingest', input, '-o', outputs[index] ?? '', '-q'];
    expect(nairobi(path, args), input).toMatchObject({ code: 0, stderr: '' });
  }
  const pipe = ['sh', '-c', 'cat in.csv | "$0" "$@"'];
  expect(nairobi(path, ['ingest', '-', '-o', 'pipe.parquet', '-q'], pipe).code).toBe(0);
  for (const output of outputs) {
    const answer = await duck(
      `select count(*), sum(id), max(ts), sum(value) from '${path}/${output}'`,
    );
    expect(answer, output).toEqual([['600', '179700', '2026-11-21 10:59:00', '44925']]);
  }
});

test('a compressed file is done once, and a cut off one is refused', () => {
  using room = workspace('gz-state');
  const { path } = room;
  writeFileSync(join(path, 'in.csv.gz'), gzipSync(CSV));
  const run = () => nairobi(path, ['ingest', 'in.csv.gz', '-o', 'd/', '--state', 's', '--json']);
  expect(JSON.parse(run().stdout).rows.rowsWritten).toBe(600);
  expect(JSON.parse(run().stdout).rows.rowsRead).toBe(0);
  writeFileSync(join(path, 'cut.csv.gz'), gzipSync(CSV).subarray(0, 900));
  const cut = nairobi(path, ['ingest', 'cut.csv.gz', '-o', 'cut.parquet']);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toContain('(at byte 900)');
});

const PACKERS = { gz: 'gzip', zst: 'zstd', bz2: 'bzip2', xz: 'xz', lz4: 'lz4' };

test.each(Object.entries(PACKERS))(
  'all members of %s count, of a file and of a pipe',
  (ext, tool) => {
    const pack = (text: string) => spawnSync(tool, ['-c', '-q'], { input: text });
    const half = CSV.indexOf('\n300,') + 1;
    const parts = [CSV.slice(0, half), '', CSV.slice(half)].map(pack);
    if (parts.some(({ status }) => status !== 0)) return console.log(`skipped: no ${tool}`);
    using room = workspace(`members-${ext}`);
    const { path } = room;
    const packed = Buffer.concat(parts.map(({ stdout }) => stdout));
    const name = `in.csv.${ext}`;
    const pipe = ['sh', '-c', `cat ${name} | "$0" "$@"`];
    const ran = (source: string, launcher?: string[]) =>
      nairobi(path, ['ingest', source, '-o', 'out.csv', '-q'], launcher);
    writeFileSync(join(path, name), packed);
    for (const run of [() => ran(name), () => ran('-', pipe)]) {
      expect(run()).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(join(path, 'out.csv'), 'utf8').split('\n')).toHaveLength(602);
    }
    writeFileSync(join(path, name), packed.subarray(0, -5));
    for (const run of [ran(name), ran('-', pipe)]) {
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(/\(at byte \d+\)/);
    }
  },
);

test('a pipe is known by its content, and what cannot come that way is refused', () => {
  using room = workspace('piped');
  const { path } = room;
  writeFileSync(join(path, 'in.csv'), CSV);
  expect(nairobi(path, ['ingest', 'in.csv', '-o', 'in.parquet', '-q']).code).toBe(0);
  const ran = (command: string, ...more: string[]) =>
    nairobi(
      path,
      ['ingest', '-', '-o', 'o.csv', '-q', ...more],
      [...['sh', '-c', `(${command}) | "$0" "$@"`]],
    );
  const lines = `printf '{"a":1,'; sleep 0.2; printf '"b":2}\\n{"a":3,"b":4}\\n'`;
  expect(ran(lines)).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(join(path, 'o.csv'), 'utf8')).toBe('a,b\n1,2\n3,4\n');
  for (const [command, message] of [
    ['cat in.parquet', 'A pipe of parquet cannot be ingested'],
    ["printf '[1]'", 'A pipe of json cannot be ingested'],
    ["printf '\\037'", 'in the middle of its gz data'],
    ["printf 'PK\\003\\004'", 'This is a ZIP archive'],
  ] as const) {
    const run = ran(command);
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining(message)]);
  }
});

test('rows are selected, filtered, renamed, reduced and sorted on the way', () => {
  using room = workspace('transform');
  const { path } = room;
  writeFileSync(join(path, 'in.csv'), CSV);
  const written = (...args: string[]): string[] => {
    const run = nairobi(path, ['ingest', 'in.csv', '-o', 'out.csv', ...args]);
    expect(run.stderr, args.join(' ')).toMatch(/rows? into/);
    return readFileSync(join(path, 'out.csv'), 'utf8').trim().split('\n');
  };
  expect(written('--select', 'id, value * 2 as twice', '--where', 'id >= 598')).toEqual([
    'id,twice',
    '598,299.0',
    '599,299.5',
  ]);
  expect(written('--rename', 'value=v,id=n', '--where', 'id = 1')[0]).toBe('n,ts,device,v');
  expect(written('--dedupe', 'device', '--sort', '-id').map((line) => line.split(',')[0])).toEqual([
    'id',
    '2',
    '1',
    '0',
  ]);
  const reduced = written('--downsample', '30m', '--agg', 'mean,max', '--by', 'device');
  expect(reduced).toHaveLength(7);
  expect(reduced[0]).toBe('ts,device,id_mean,id_max,value_mean,value_max');
  expect(written('--sql', 'select device, count(*) as n from input group by 1 order by 1')).toEqual(
    ['device,n', 'dev-0,200', 'dev-1,200', 'dev-2,200'],
  );
});

test('NDJSON and line protocol keep their digits, and say which line is bad', () => {
  using room = workspace('lines');
  const { path } = room;
  const lines = ['{"a":9007199254740993,"s":"007"}', 'nope', '{"a":2,"t":"2026-01-01T00:00:00Z"}'];
  writeFileSync(join(path, 'in.ndjson'), `${lines.join('\n')}\n`);
  const keep = ['--on-error', 'quarantine', '--rejects', 'bad.ndjson', '-q'];
  expect(nairobi(path, ['ingest', 'in.ndjson', '-o', 'out.ndjson', ...keep]).code).toBe(5);
  const out = readFileSync(join(path, 'out.ndjson'), 'utf8');
  expect(out).toContain('9007199254740993');
  expect(out).toContain('"007"');
  expect(JSON.parse(readFileSync(join(path, 'bad.ndjson'), 'utf8'))).toMatchObject({
    line: 2,
    byte: lines[0]?.length === undefined ? 0 : lines[0].length + 1,
    raw: 'nope',
  });
});

test('line protocol: tags, escapes, quoted strings, integers, floats, booleans, nanoseconds', () => {
  const record = parseInfluxLine(
    'my\\ cpu,host=a\\,b,dc=x usage=1,n=-3i,u=7u,note="a ""b, c=d",ok=F 1763719200123456789'.replace(
      '""',
      '\\"',
    ),
  );
  expect([...record].map(([name, { text }]) => [name, text])).toEqual([
    ['measurement', 'my cpu'],
    ['host', 'a,b'],
    ['dc', 'x'],
    ['usage', '1.0'],
    ['n', '-3'],
    ['u', '7'],
    ['note', 'a "b, c=d'],
    ['ok', 'false'],
    ['time', '2025-11-21T10:00:00.123456789'],
  ]);
  for (const bad of [
    '',
    'cpu',
    'cpu usage',
    'cpu usage=',
    'cpu a=1 2 3',
    'cpu a="x',
    'cpu a=1 x',
  ]) {
    expect(() => parseInfluxLine(bad), bad).toThrow();
  }
});

test('any JSON object is read without loss of what its texts and integers say', () => {
  const value = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }).map((n) => ({ big: n })),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), (object) => {
      const text = `{${Object.entries(object)
        .map(([key, item]) => {
          const shown = typeof item === 'object' ? String(item.big) : JSON.stringify(item);
          return `${JSON.stringify(key)}:${shown}`;
        })
        .join(',')}}`;
      const record = parseJsonLine(text);
      for (const [key, item] of Object.entries(object)) {
        if (key === '__proto__') continue;
        const expected = typeof item === 'object' ? item.big : item;
        const seen = record.get(key)?.text ?? '';
        if (typeof expected === 'bigint') expect(BigInt(seen)).toBe(expected);
        else expect(seen).toBe(String(expected));
      }
    }),
    { seed: 5 },
  );
});

test('a socket that somebody listens on is not taken away; one whose owner was killed is', async () => {
  using room = workspace('unix');
  const args = (output: string) => ['ingest', 'unix:in.sock', '-o', output, '--flush', '100ms'];
  const said = async (child: ChildProcess): Promise<string> => {
    const [data] = (await once(child.stderr ?? child, 'data')) as [Buffer];
    return data.toString();
  };
  const first = start(room.path, args('a/'));
  expect(await said(first)).toContain('listening on unix:in.sock');
  const second = nairobi(room.path, args('b/'));
  expect(second.code, second.stderr).toBe(1);
  expect(second.stderr).toMatch(/Cannot listen on unix in.sock: another program listens there/);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const third = start(room.path, args('c/'));
  expect(await said(third)).toContain('listening on unix:in.sock');
  third.kill('SIGTERM');
  expect(await once(third, 'exit')).toEqual([0, null]);
});
