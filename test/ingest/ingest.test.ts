import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { column, duck, nairobi, parts, start, workspace } from './binary.ts';

const HEADER = 'id,ts,device,value\n';
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => {
    const id = from + i;
    const day = String(1 + (id % 3)).padStart(2, '0');
    return `${id},2026-11-${day} 10:00:00,dev-${id % 4},${id / 8}\n`;
  }).join('');
const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i)).sort();

const isHidden = (name: string): boolean => name.startsWith('.');

test('a CSV becomes a Parquet file that DuckDB reads alike', async () => {
  using room = workspace('single');
  const { path } = room;
  writeFileSync(join(path, 'in.csv'), HEADER + rows(0, 5000));
  expect(nairobi(path, ['ingest', 'in.csv', '-o', 'out.parquet', '-q'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: '',
  });
  const answer = await duck(
    `select count(*), sum(id), min(ts), max(ts), count(distinct device), sum(value) from '${path}/out.parquet'`,
  );
  const expected = await duck(
    `select count(*), sum(id), min(ts), max(ts), count(distinct device), sum(value) from read_csv('${path}/in.csv')`,
  );
  expect(answer).toEqual(expected);
  expect(readdirSync(path).filter(isHidden)).toEqual([]);
});

test('a growing file is added to its dataset once, however often it is run', async () => {
  using room = workspace('grow');
  const { path } = room;
  const file = join(path, 'log.csv');
  const run = () =>
    nairobi(path, [
      ...['ingest', 'log.csv', '-o', 'data/', '--partition-by', 'day(ts),device'],
      ...['--state', 'state.json', '-q'],
    ]);
  writeFileSync(file, HEADER + rows(0, 100));
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  appendFileSync(file, `${rows(100, 130)}130,2026-11-0`);
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  expect(await column(join(path, 'data'), 'id')).toEqual(ids(0, 130).sort((a, b) => +a - +b));
  appendFileSync(file, '1 10:00:00,dev-2,16.25\n');
  run();
  expect((await column(join(path, 'data'), 'id')).length).toBe(131);
  const days = await duck(
    `select distinct day::varchar from read_parquet('${path}/data/**/*.parquet', hive_partitioning = true) order by 1`,
  );
  expect(days.flat()).toEqual(['2026-11-01', '2026-11-02', '2026-11-03']);
});

test('without a state every run adds its parts', async () => {
  using room = workspace('add');
  const { path } = room;
  writeFileSync(join(path, 'in.csv'), HEADER + rows(0, 10));
  for (let time = 0; time < 2; time += 1) nairobi(path, ['ingest', 'in.csv', '-o', 'data']);
  expect((await column(join(path, 'data'), 'id')).length).toBe(20);
  expect(parts(join(path, 'data')).length).toBe(2);
});

test('a log that was rotated between two runs loses nothing and repeats nothing', async () => {
  using room = workspace('rotate');
  const { path } = room;
  const file = join(path, 'log.csv');
  const run = () => nairobi(path, ['ingest', 'log.csv', '-o', 'data/', '--state', 's', '-q']);
  writeFileSync(file, HEADER + rows(0, 300));
  run();
  appendFileSync(file, rows(300, 320));
  renameSync(file, `${file}.1`);
  writeFileSync(file, HEADER + rows(320, 400));
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  expect(await column(join(path, 'data'), 'id')).toEqual(ids(0, 400).sort((a, b) => +a - +b));
});

test('a single file with a state grows with its source', async () => {
  using room = workspace('file-state');
  const { path } = room;
  const file = join(path, 'log.csv');
  for (const output of ['out.parquet', 'out.csv', 'out.ndjson', 'out.arrow']) {
    writeFileSync(file, HEADER + rows(0, 50));
    const run = () =>
      nairobi(path, ['ingest', 'log.csv', '-o', output, '--state', `${output}.state`, '-q']);
    expect(run(), output).toMatchObject({ code: 0, stderr: '' });
    appendFileSync(file, rows(50, 70));
    expect(run(), output).toMatchObject({ code: 0, stderr: '' });
    if (output.endsWith('.arrow')) continue;
    const answer = await duck(`select count(*), count(distinct id) from '${path}/${output}'`);
    expect(answer, output).toEqual([['70', '70']]);
  }
  expect(readdirSync(path).filter(isHidden)).toEqual([]);
});

test('bad rows are counted, kept apart, and within their budget or nothing is written', async () => {
  using room = workspace('bad');
  const { path } = room;
  const bad = '7,2026-11-01 10:00:00,dev-1,not a number\n8,2026-11-01\n';
  writeFileSync(join(path, 'in.csv'), HEADER + rows(0, 50) + bad + rows(50, 98));
  const args = ['ingest', 'in.csv', '-o', 'out.parquet', '--types', 'value=float', '--json'];
  const keep = [...args, '--on-error', 'quarantine', '--rejects', 'bad.ndjson'];
  const failed = nairobi(path, args);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('in.csv');
  expect(existsSync(join(path, 'out.parquet'))).toBe(false);
  expect(nairobi(path, [...keep, '--max-errors', '1']).code).toBe(1);
  expect(nairobi(path, [...keep, '--max-errors', '1%']).code).toBe(1);
  expect(readdirSync(path)).toEqual(['in.csv']);
  const done = nairobi(path, [...keep, '--max-errors', '2%']);
  expect(done.code).toBe(5);
  expect(JSON.parse(done.stdout).rows).toEqual({
    rowsRead: 100,
    rowsWritten: 98,
    rowsRejected: 2,
    rowsFiltered: 0,
  });
  const rejects = readFileSync(join(path, 'bad.ndjson'), 'utf8').trim().split('\n');
  expect(rejects.map((line) => JSON.parse(line))).toMatchObject([
    { line: 52, column: 'value', raw: bad.split('\n')[0] },
    { line: 53, column: null, raw: '8,2026-11-01', reason: '2 fields where the header has 4' },
  ]);
});

test('another run that holds the lock is left alone: exit code 75', async () => {
  using room = workspace('lock');
  const { path } = room;
  writeFileSync(join(path, 'in.csv'), HEADER + rows(0, 10));
  const holder = ['flock', '-x', 'my.lock'];
  const held = nairobi(path, ['ingest', 'in.csv', '-o', 'out.csv', '--lock', 'my.lock'], holder);
  expect(held.code).toBe(75);
  expect(held.stderr).toContain('Another run holds the lock');
  expect(existsSync(join(path, 'out.csv'))).toBe(false);
  expect(nairobi(path, ['ingest', 'in.csv', '-o', 'out.csv', '--lock', 'my.lock']).code).toBe(0);
});

test('rows with other columns are not mixed into a dataset', () => {
  using room = workspace('columns');
  const { path } = room;
  writeFileSync(join(path, 'one.csv'), HEADER + rows(0, 10));
  writeFileSync(join(path, 'two.csv'), 'id,name\n1,x\n');
  nairobi(path, ['ingest', 'one.csv', '-o', 'data/']);
  const before = parts(join(path, 'data'));
  const second = nairobi(path, ['ingest', 'two.csv', '-o', 'data/']);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('the columns differ');
  expect(parts(join(path, 'data'))).toEqual(before);
});

test('quoted newlines at every possible cut of a block come out whole', async () => {
  using room = workspace('quotes');
  const { path } = room;
  const text = Array.from(
    { length: 400 },
    (_, i) => `${i},"line one\nline ""two"", ${'x'.repeat(i % 7)}"\n`,
  );
  writeFileSync(join(path, 'in.csv'), `id,note\n${text.join('')}`);
  const run = () => nairobi(path, ['ingest', 'in.csv', '-o', 'data/', '--state', 's', '-q']);
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  appendFileSync(join(path, 'in.csv'), '400,"half of\na');
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  expect((await column(join(path, 'data'), 'id')).length).toBe(400);
  appendFileSync(join(path, 'in.csv'), ' record"\n');
  run();
  const answer = await duck(`select note from '${path}/data/*.parquet' where id = 400`);
  expect(answer).toEqual([['half of\na record']]);
});

test('whoever lists a dataset sees all parts of a commit or none', async () => {
  using room = workspace('readers');
  const { path } = room;
  const lines = Array.from({ length: 300 }, (_, i) => `${i},dev-${i % 60}\n`).join('');
  writeFileSync(join(path, 'in.csv'), `id,device\n${lines}`);
  const seen = new Set<number>();
  for (let round = 1; round <= 2; round += 1) {
    const child = start(path, [
      'ingest',
      'in.csv',
      '-o',
      'data/',
      '--partition-by',
      'device',
      '-q',
    ]);
    let code: number | null | undefined;
    child.on('exit', (status) => {
      code = status;
    });
    while (code === undefined) {
      for (let look = 0; look < 50; look += 1) seen.add(countParts(join(path, 'data')));
      await new Promise((turned) => setImmediate(turned));
    }
    expect(code).toBe(0);
    expect(countParts(join(path, 'data'))).toBe(60 * round);
    // Directories of partitions appear with their parts: an empty one would be a torn commit.
    expect([...seen].filter((count) => count % 60 !== 0)).toEqual([]);
  }
});

/** Parts that a reader finds who opens the dataset once and walks it from there. */
function countParts(root: string): number {
  const fd = tryOpen(root);
  if (fd === undefined) return 0;
  try {
    // The directory that was opened, whatever its name leads to by now.
    const own = `/proc/self/fd/${fd}`;
    return readdirSync(own)
      .filter((name) => name.startsWith('device='))
      .reduce((sum, name) => sum + readdirSync(join(own, name)).length, 0);
  } catch {
    return 0;
  } finally {
    closeSync(fd);
  }
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
