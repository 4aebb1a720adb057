/** A PostgreSQL server of the test's own, and the run that writes into it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Scenario } from './scenario.ts';
import { append, ids, rows } from './scenario-rows.ts';
import { grown } from './scenarios.ts';

const BIN = ['15', '16', '17', '18']
  .map((version) => `/usr/lib/postgresql/${version}/bin`)
  .find((folder) => existsSync(join(folder, 'initdb')));

export const NO_POSTGRES = 'PostgreSQL is not installed: apt-get install postgresql';

export interface Server extends Disposable {
  readonly scenario: Scenario;
  /** Between two disturbances: the table as it was before. */
  reset(): void;
}

/** A server in `path` that takes what the scenario writes; undefined where none is installed. */
export function startPostgres(path: string): Server | undefined {
  if (BIN === undefined) return undefined;
  const isRoot = process.getuid?.() === 0;
  // The server refuses to run as root.
  const as = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const data = join(path, 'pg');
  mkdirSync(data);
  if (isRoot) spawnSync('chown', ['-R', '65534:65534', path]);
  const pg = (...args: string[]): string => {
    const [command = '', ...rest] = [...as, ...args];
    const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', cwd: path });
    expect(status, stderr).toBe(0);
    return stdout;
  };
  pg(join(BIN, 'initdb'), '-D', data, '-U', 'tester', '-A', 'trust', '--no-sync');
  const options = `-k ${path} -c listen_addresses= -c fsync=off`;
  const server = ['-D', data, '-w', '-l', join(path, 'log'), '-o', options, 'start'];
  pg(join(BIN, 'pg_ctl'), ...server);
  const sql = (text: string): string =>
    pg(join(BIN, 'psql'), '-h', path, '-U', 'tester', '-At', '-c', text, 'postgres');
  const url = `postgres://tester@/postgres?host=${encodeURIComponent(path)}`;
  return {
    scenario: {
      name: 'a PostgreSQL table',
      args: ['ingest', 'log.csv', '-o', `${url}#t`, '--state', 'me', '-q'],
      prepare(path) {
        grown(this.args, () => append(path, 'log.csv', rows(60, 100)))(path);
        sql('create table t_before as table t');
        sql('create table state_before as table _nairobi_ingest');
      },
      ids: async () => sql('select id from t order by id').trim().split('\n'),
      before: ids(60),
      after: ids(100),
      exitCodes: [0],
    },
    reset: () => {
      sql('truncate t, _nairobi_ingest; insert into t table t_before');
      sql('insert into _nairobi_ingest table state_before');
    },
    [Symbol.dispose]: () => {
      pg(join(BIN, 'pg_ctl'), '-D', data, '-m', 'immediate', 'stop');
    },
  };
}
