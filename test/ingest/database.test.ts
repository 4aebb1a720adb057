import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { nairobi, workspace } from './binary.ts';

const HEADER = 'id,ts,name,value,ok\n';
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => {
    const id = from + i;
    const name = id % 3 === 0 ? '' : id % 3 === 1 ? '"a ""b"", c"' : 'x';
    return `${9007199254740993n + BigInt(id)},2026-11-21 10:00:0${id % 10},${name},${id / 8},${id % 2 === 0}\n`;
  }).join('');

test('an SQLite table takes rows exactly once, with its state in the same transaction', () => {
  using room = workspace('sqlite');
  const { path } = room;
  const file = join(path, 'in.csv');
  const run = () =>
    nairobi(path, ['ingest', 'in.csv', '-o', 'out.sqlite#readings', '--state', 'gw', '-q']);
  writeFileSync(file, HEADER + rows(0, 1300));
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  appendFileSync(file, rows(1300, 1400));
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  const database = new DatabaseSync(join(path, 'out.sqlite'));
  const statement = database.prepare(
    'select count(*) n, max(id) top, sum(value) total, sum(ok) oks, count(name) names from readings',
  );
  statement.setReadBigInts(true);
  expect({ ...statement.get() }).toEqual({
    n: 1400n,
    top: 9007199254740993n + 1399n,
    total: (1399 * 1400) / 2 / 8,
    oks: 700n,
    names: 933n,
  });
  database.close();
});

const BIN = [
  '/usr/lib/postgresql/15/bin',
  '/usr/lib/postgresql/16/bin',
  '/usr/lib/postgresql/17/bin',
].find((folder) => existsSync(join(folder, 'initdb')));

test('a PostgreSQL table takes rows by COPY, exactly once', (context) => {
  if (BIN === undefined)
    return context.skip('PostgreSQL is not installed: apt-get install postgresql');
  using room = workspace('postgres');
  const { path } = room;
  const data = join(path, 'pg');
  mkdirSync(data);
  const isRoot = process.getuid?.() === 0;
  // The server refuses to run as root.
  const as = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  if (isRoot) spawnSync('chown', ['-R', '65534:65534', path]);
  const pg = (...args: string[]) => {
    const [command = '', ...rest] = [...as, ...args];
    return spawnSync(command, rest, { encoding: 'utf8', cwd: path });
  };
  const init = pg(join(BIN, 'initdb'), '-D', data, '-U', 'tester', '-A', 'trust', '--no-sync');
  expect(init.status, init.stderr).toBe(0);
  const options = `-k ${path} -c listen_addresses= -c fsync=off`;
  const up = pg(
    join(BIN, 'pg_ctl'),
    '-D',
    data,
    '-w',
    '-l',
    join(path, 'log'),
    '-o',
    options,
    'start',
  );
  expect(up.status, up.stdout + up.stderr).toBe(0);
  try {
    const url = `postgres://tester@/postgres?host=${encodeURIComponent(path)}`;
    const file = join(path, 'in.csv');
    const run = () =>
      nairobi(path, ['ingest', 'in.csv', '-o', `${url}#readings`, '--state', 'gw', '-q']);
    writeFileSync(file, HEADER + rows(0, 1300));
    expect(run()).toMatchObject({ code: 0, stderr: '' });
    appendFileSync(file, rows(1300, 1400));
    expect(run()).toMatchObject({ code: 0, stderr: '' });
    expect(run()).toMatchObject({ code: 0, stderr: '' });
    const query =
      'select count(*), max(id), sum(value), count(*) filter (where ok), count(name) from readings';
    const { stdout } = pg(
      join(BIN, 'psql'),
      '-h',
      path,
      '-U',
      'tester',
      '-At',
      '-c',
      query,
      'postgres',
    );
    expect(stdout.trim()).toBe(
      `1400|${9007199254740993n + 1399n}|${(1399 * 1400) / 2 / 8}|700|933`,
    );
  } finally {
    pg(join(BIN, 'pg_ctl'), '-D', data, '-m', 'immediate', 'stop');
  }
}, 90_000);
