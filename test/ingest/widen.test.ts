/** Late contradictions: read again under the wider type, or an error where rows were committed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { duck, nairobi, workspace } from './binary.ts';

/** Behind what is sampled of a file of lines, and of a stream. */
const LATE = 30_000;
const csv = (late: string): string => {
  const rows = Array.from({ length: LATE }, (_, id) => `${id},${id}`);
  return `id,x\n${rows.join('\n')}\n${LATE},${late}\n`;
};

const typeAndLast = async (file: string): Promise<string[] | undefined> => {
  const [row] = await duck(
    `select any_value(typeof(x)), max(x) filter (where id = ${LATE}), count(*), count(x) from '${file}'`,
  );
  return row;
};

// A compressed file is a stream, whose sample is smaller.
for (const [late, type, value] of [
  ['0.5', 'DOUBLE', '0.5'],
  ['007', 'VARCHAR', '007'],
] as const) {
  test(`${late} late among integers makes the column ${type}`, async () => {
    using room = workspace('widen');
    writeFileSync(join(room.path, 'in.csv.gz'), gzipSync(csv(late)));
    const ran = nairobi(room.path, ['ingest', 'in.csv.gz', '-o', 'out.parquet']);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain(`column x is`);
    const count = String(LATE + 1);
    expect(await typeAndLast(join(room.path, 'out.parquet'))).toEqual([type, value, count, count]);
  });
}

// 71721148410901530 is how programs print a double; 9007199254740993 is none.
for (const [late, type, value] of [
  ['71721148410901530', 'DOUBLE', '71721148410901530'],
  ['9007199254740993', 'DECIMAL(38,1)', '9007199254740993.0'],
] as const) {
  test(`${late} late among doubles makes the column ${type}`, async () => {
    using room = workspace('widen');
    const text = csv(late).replaceAll(/,(\d{1,5})\n/g, ',$1.5\n');
    writeFileSync(join(room.path, 'in.csv.gz'), gzipSync(text));
    const ran = nairobi(room.path, ['ingest', 'in.csv.gz', '-o', 'out.parquet']);
    expect(ran).toMatchObject({ code: 0 });
    const count = String(LATE + 1);
    expect(await typeAndLast(join(room.path, 'out.parquet'))).toEqual([type, value, count, count]);
  });
}

test('what has nothing in common with the type ends the run and names the place', () => {
  using room = workspace('widen');
  writeFileSync(join(room.path, 'in.csv.gz'), gzipSync(csv('abc')));
  const ran = nairobi(room.path, ['ingest', 'in.csv.gz', '-o', 'out.parquet']);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/"abc" is not Int64 in column "x"\n {2}at .*in.csv.gz:30002:x/);
});

test('a stream cannot be read again: the error says which type to give', () => {
  using room = workspace('widen');
  writeFileSync(join(room.path, 'in.csv'), csv('0.5'));
  const shell = ['sh', '-c', 'cat in.csv | "$0" "$@"'];
  const ran = nairobi(room.path, ['ingest', '-', '-o', 'out.parquet'], shell);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('--types x=');
});

test('a dataset that was begun under the narrower type keeps it, and says so', async () => {
  using room = workspace('widen');
  const args = ['ingest', 'log.csv', '-o', 'data/', '--state', 's.json'];
  writeFileSync(join(room.path, 'log.csv'), 'id,x\n1,1\n');
  expect(nairobi(room.path, args).code).toBe(0);
  writeFileSync(join(room.path, 'log.csv'), 'id,x\n1,1\n2,2.5\n');
  const before = readFileSync(join(room.path, 's.json'), 'utf8');
  const ran = nairobi(room.path, args);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/"2.5" is not Int64 in column "x"; data\/ was begun that way/);
  expect(ran.stderr).toMatch(/log.csv:3:x/);
  expect(ran.stderr).toContain('--types x=');
  expect(readFileSync(join(room.path, 's.json'), 'utf8')).toBe(before);
});

test('keys of NDJSON that come late become columns, and are never lost in silence', async () => {
  using room = workspace('widen');
  const lines = Array.from({ length: LATE }, (_, id) => `{"id":${id},"x":${id}}`);
  const text = `${lines.join('\n')}\n{"id":${LATE},"x":0.5,"more":"new"}\n`;
  writeFileSync(join(room.path, 'in.ndjson'), text);
  expect(nairobi(room.path, ['ingest', 'in.ndjson', '-o', 'out.parquet']).code).toBe(0);
  const file = join(room.path, 'out.parquet');
  expect(
    await duck(`select count(*), max(more), max(x) filter (where id = ${LATE}) from '${file}'`),
  ).toEqual([[String(LATE + 1), 'new', '0.5']]);
  const lossy = [
    'ingest',
    'in.ndjson',
    '-o',
    'skip.parquet',
    '--on-error',
    'skip',
    '--types',
    'x=double',
    '--json',
  ];
  const skipped = nairobi(room.path, lossy);
  expect(skipped.code).toBe(5);
  expect(JSON.parse(skipped.stdout)).toMatchObject({
    rows: { rowsWritten: LATE + 1 },
    nulledValues: 1,
  });
  const apart = ['--on-error', 'quarantine', '--rejects', 'bad.ndjson', '--types', 'x=double'];
  expect(nairobi(room.path, ['ingest', 'in.ndjson', '-o', 'q.parquet', ...apart]).code).toBe(5);
  expect(readFileSync(join(room.path, 'bad.ndjson'), 'utf8')).toMatch(
    /\\"more\\" is none of the columns/,
  );
});

test('numbers of NDJSON beyond a double stay exact, however late they come', async () => {
  using room = workspace('widen');
  const lines = Array.from({ length: LATE }, (_, id) => `{"id":${id},"x":${id}.5}`);
  const text = `${lines.join('\n')}\n{"id":${LATE},"x":9007199254740993}\n`;
  writeFileSync(join(room.path, 'in.ndjson'), text);
  expect(nairobi(room.path, ['ingest', 'in.ndjson', '-o', 'out.parquet']).code).toBe(0);
  expect((await typeAndLast(join(room.path, 'out.parquet')))?.slice(0, 2)).toEqual([
    'DECIMAL(38,1)',
    '9007199254740993.0',
  ]);
});

test('a log that is JSON has nothing else in it, and names the first bad row', () => {
  using room = workspace('widen');
  writeFileSync(join(room.path, 'in.csv'), 'id,x\n1,2\n3\n');
  const args = ['ingest', 'in.csv', '--log-format', 'json', '--on-error', 'skip'];
  const ran = nairobi(room.path, [...args, '-o', 'out.parquet']);
  expect(ran.code).toBe(5);
  const told = ran.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { note: string });
  expect(told.map(({ note }) => note).join('\n')).toMatch(/first bad row: .*in.csv:3: /);
  const failed = nairobi(room.path, ['ingest', 'none.csv', '--log-format=json', '-o', 'out/']);
  expect(JSON.parse(failed.stderr)).toMatchObject({ error: { code: 'NOT_FOUND', exit: 1 } });
});
