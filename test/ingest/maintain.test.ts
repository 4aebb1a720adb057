import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { column, duck, nairobi, parts, workspace } from './binary.ts';

const rows = (day: string, from: number, to: number): string =>
  `id,ts\n${Array.from({ length: to - from }, (_, i) => `${from + i},${day} 10:00:00\n`).join('')}`;

test('small parts are merged into one for each partition, with the same rows', async () => {
  using room = workspace('compact');
  const { path } = room;
  for (let run = 0; run < 6; run += 1) {
    writeFileSync(join(path, 'in.csv'), rows(`2026-11-0${1 + (run % 2)}`, run * 10, run * 10 + 10));
    nairobi(path, ['ingest', 'in.csv', '-o', 'data', '--partition-by', 'day(ts)', '-q']);
  }
  const data = join(path, 'data');
  mkdirSync(join(data, 'day=2026-11-01', 'theirs'));
  writeFileSync(join(data, 'day=2026-11-01', 'notes.txt'), 'not ours');
  const before = await column(data, 'id');
  expect(parts(data)).toHaveLength(6);
  expect(nairobi(path, ['ingest', '--compact', 'data', '-q'])).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(parts(data)).toHaveLength(2);
  expect(await column(data, 'id')).toEqual(before);
  expect(readFileSync(join(data, 'day=2026-11-01', 'notes.txt'), 'utf8')).toBe('not ours');
  nairobi(path, ['ingest', '--compact', 'data', '-q']);
  expect(parts(data)).toHaveLength(2);
  nairobi(path, ['ingest', 'in.csv', '-o', 'data', '--partition-by', 'day(ts)', '-q', '--compact']);
  expect(await column(data, 'id')).toHaveLength(70);
  expect(parts(data)).toHaveLength(2);
});

test('partitions that ended longer ago than --keep go, and nothing that is not ours', async () => {
  using room = workspace('keep');
  const { path } = room;
  const day = (ago: number): string =>
    new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  for (const ago of [0, 10, 40, 50]) {
    writeFileSync(join(path, 'in.csv'), rows(day(ago), ago, ago + 5));
    nairobi(path, ['ingest', 'in.csv', '-o', 'data', '--partition-by', 'day(ts)', '-q']);
  }
  const data = join(path, 'data');
  writeFileSync(join(data, `day=${day(50)}`, 'theirs.parquet'), 'not ours');
  expect(nairobi(path, ['ingest', '--keep', '30d', 'data', '-q'])).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(
    readdirSync(data)
      .filter((name) => !name.startsWith('.'))
      .sort(),
  ).toEqual([`day=${day(0)}`, `day=${day(10)}`, `day=${day(50)}`].sort());
  expect(readdirSync(join(data, `day=${day(50)}`))).toEqual(['theirs.parquet']);
  const answer = await duck(`select count(*) from read_parquet('${data}/*/part-*.parquet')`);
  expect(answer).toEqual([['10']]);
});

test('a directory that is no dataset is not touched by compaction', () => {
  using room = workspace('foreign');
  writeFileSync(join(room.path, 'part-20261121T000000-00000000-0001.parquet'), 'x');
  const run = nairobi(room.path, ['ingest', '--compact', '.']);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('no dataset');
  expect(readdirSync(room.path)).toHaveLength(1);
});

test('files are moved or deleted once their rows are committed, and metrics say how it went', () => {
  using room = workspace('after');
  const { path } = room;
  const input = (): void => writeFileSync(join(path, 'in.csv'), rows('2026-11-01', 0, 5));
  const run = (...args: string[]) =>
    nairobi(path, ['ingest', 'in.csv', '-o', 'data/', '-q', '--metrics', 'm.prom', ...args]);
  input();
  expect(run('--after', 'move:done')).toMatchObject({ code: 0, stderr: '' });
  input();
  expect(run('--after', 'move:done').code).toBe(0);
  expect(readdirSync(join(path, 'done')).sort()).toEqual(['in.csv', 'in.csv.1']);
  input();
  expect(run('--after', 'delete').code).toBe(0);
  expect(existsSync(join(path, 'in.csv'))).toBe(false);
  const good = readFileSync(join(path, 'm.prom'), 'utf8');
  expect(good).toContain('nairobi_ingest_rows_written{target="data/"} 5\n');
  expect(good.endsWith('# EOF\n')).toBe(true);
  const success = /last_success_timestamp_seconds\{[^}]*\} \d+/.exec(good)?.[0];
  expect(run().code).toBe(1);
  const bad = readFileSync(join(path, 'm.prom'), 'utf8');
  expect(bad).toContain('nairobi_ingest_exit_code{target="data/"} 1\n');
  expect(bad).toContain(success);
});

test('a file that changed a moment ago waits for --min-age', () => {
  using room = workspace('age');
  writeFileSync(join(room.path, 'in.csv'), rows('2026-11-01', 0, 5));
  const run = nairobi(room.path, ['ingest', 'in.csv', '-o', 'data/', '--min-age', '1h', '--json']);
  expect(JSON.parse(run.stdout)).toMatchObject({ rows: { rowsRead: 0 }, sources: [] });
});
