/** Which files of a partitioned directory a query opens, seen by strace. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../../src/engine/query.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { Session } from '../../src/engine/session.ts';
import { BIN } from './nairobi.ts';

const able = spawnSync('strace', ['-f', '-e', 'trace=none', 'true']).status === 0;
if (!able) console.log('the count of openat is skipped: no strace, or no right to trace');

const HOST = { memoryLimit: undefined, threads: undefined, cpus: undefined } as const;

let root: string;
const put = (year: number, month: number, text: string): void => {
  const folder = path.join(root, `year=${year}`, `month=${month}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'a.csv'), text);
};
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-partitions-'));
  for (const year of [2023, 2024, 2025]) {
    for (const month of [1, 2, 3]) put(year, month, `id,v\n1,${month}\n2,${year}\n`);
  }
  put(2025, 9, 'id,v\n3,0.5\n');
  put(2026, 1, 'id,other\n3,0.5\n');
});
afterAll(() => rmSync(root, { recursive: true }));

interface Answer {
  readonly csv: string;
  /** Files whose content was looked at. */
  readonly opened: number;
}

async function ask(sql: string, unionByName = false): Promise<Answer> {
  const host = { ...HOST, io: 'auto', direct: 'auto' } as const;
  using session = new Session({ host, read: {}, unionByName }, new Reporter());
  const { frame } = await query(session, { sql, sources: [{ name: 't', path: root }] });
  const pieces = session.relations.flatMap((relation) => relation.pieces);
  const opened = pieces.filter(({ isDeferred }) => isDeferred !== true).length;
  return { csv: frame.writeCSV().toString('utf8').split('\n').slice(1, -1).join(';'), opened };
}

describe('a partitioned directory', () => {
  it('is opened only where WHERE leaves something', async () => {
    const one = 'select count(*), sum(v) from t where year = 2024 and month in (2, 3)';
    expect(await ask(one)).toEqual({ csv: '4,4053', opened: 3 });
    expect(await ask('select count(*) from t where year = 1999')).toEqual({ csv: '0', opened: 1 });
    const joined =
      'select a.v, b.v from t a join t b on a.id = b.id where a.year = 2023 and a.month = 1 ' +
      'and b.year = 2024 and b.month = 1 and a.id = 1';
    expect(await ask(joined)).toEqual({ csv: '1,1', opened: 2 });
    // A key beside a column of the file says nothing about the file.
    expect(
      (await ask('select count(*) from t where year < 2026 and (month = 1 or v = 2)')).csv,
    ).toBe('9');
    const inner = 'select count(*) from t where year < 2025 and month = (select 2)';
    expect(await ask(inner)).toEqual({ csv: '4', opened: 6 });
  });

  it('has all its rows where only keys are asked for', async () => {
    const sql = 'select year, count(*) from t where year < 2025 group by year order by year';
    expect((await ask(sql)).csv).toBe('2023,6;2024,6');
    expect((await ask('select month from t where year = 2023 and month > 1')).csv).toBe('2;2;3;3');
  });

  it('widens a type that another wanted file contradicts', async () => {
    expect((await ask('select sum(v) from t where year = 2025')).csv).toBe('6081.5');
    expect((await ask('select typeof(sum(v)) from t where year = 2025')).csv).toBe('DOUBLE');
    expect((await ask('select typeof(max(v)) from t where year = 2023')).csv).toBe('BIGINT');
  });

  it('is refused where wanted files have other columns, unless they are matched by name', async () => {
    await expect(ask('select count(*) from t')).rejects.toThrow('has a column "other" of its own');
    expect((await ask('select count(*), count(other) from t', true)).csv).toBe('20,1');
  });

  it.skipIf(!able)('has its other files never opened', () => {
    const log = path.join(root, '.strace');
    const sql = `select count(*) n from '${root}' where year = 2024 and month = 2`;
    const trace = ['-f', '-e', 'trace=open,openat,openat2', '-o', log];
    const run = spawnSync('strace', [...trace, BIN, 'query', sql], { encoding: 'utf8' });
    expect(run.stdout).toBe('n\n2\n');
    const opened = readFileSync(log, 'utf8').matchAll(/year=(\d+)\/month=(\d+)\/a\.csv/g);
    expect([...new Set([...opened].map(([, year, month]) => `${year}-${month}`))].sort()).toEqual([
      '2023-1',
      '2024-2',
    ]);
  });
});
