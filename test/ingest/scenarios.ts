/** The runs that are disturbed at every system call: each kind of target and of history. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import type { CommitRecord } from '../../src/ingest/commit/record.ts';
import { duck } from './binary.ts';
import { MAINTENANCE } from './maintenance-scenarios.ts';
import type { Scenario } from './scenario.ts';
import {
  append,
  first,
  goodIds,
  HEADER,
  ids,
  isBad,
  mixed,
  numbers,
  ofDataset,
  rows,
  write,
} from './scenario-rows.ts';

const ofFile =
  (name: string, reader: string) =>
  async (path: string): Promise<string[]> => {
    const found = await duck(`select id from ${reader}('${join(path, name)}') order by 1`);
    return found.map(([id]) => id ?? '');
  };

const rejectedIds = (path: string): number[] =>
  [...readFileSync(join(path, 'bad.ndjson'), 'utf8').matchAll(/"raw":"(\d+)/g)].map(([, id]) =>
    Number(id),
  );

const STATE = ['--state', 'state.json', '-q'];
const DATASET = ['-o', 'data/', '--partition-by', 'day(ts),device'];

/** A log of which a run has taken a part, and which grew since. */
export function grown(args: readonly string[], more: (path: string) => void) {
  return (path: string): void => {
    write(path, 'log.csv', HEADER + rows(0, 60));
    first(path, args);
    more(path);
  };
}

const rotated: Scenario = {
  name: 'a rotated log into a partitioned dataset with rejects',
  args: [
    ...['ingest', 'log.csv', ...DATASET, ...STATE],
    ...['--on-error', 'quarantine', '--rejects', 'bad.ndjson'],
  ],
  prepare(path) {
    write(path, 'log.csv', HEADER + mixed(0, 120));
    first(path, this.args, 5);
    append(path, 'log.csv', mixed(120, 160));
    renameSync(join(path, 'log.csv'), join(path, 'log.csv.1'));
    write(path, 'log.csv', HEADER + mixed(160, 260));
  },
  ids: ofDataset,
  before: goodIds(120),
  after: goodIds(260),
  check: (path) => expect(rejectedIds(path)).toEqual(numbers(260).filter(isBad)),
  exitCodes: [0, 5],
};

const truncated: Scenario = {
  name: 'a log that was copied and truncated',
  args: ['ingest', 'log.csv', '-o', 'data/', ...STATE],
  prepare(path) {
    grown(this.args, () => {
      const log = join(path, 'log.csv');
      append(path, 'log.csv', rows(60, 70));
      copyFileSync(log, `${log}.1`);
      truncateSync(log, 0);
      append(path, 'log.csv', HEADER + rows(70, 90));
    })(path);
  },
  ids: ofDataset,
  before: ids(60),
  after: ids(90),
  exitCodes: [0],
};

const compressed: Scenario = {
  name: 'compressed files beside a growing one',
  args: ['ingest', 'in', '-o', 'data/', ...STATE],
  prepare(path) {
    mkdirSync(join(path, 'in'));
    writeFileSync(join(path, 'in', 'a.csv.gz'), gzipSync(HEADER + rows(0, 20)));
    write(path, 'in/log.csv', HEADER + rows(20, 40));
    first(path, this.args);
    writeFileSync(join(path, 'in', 'b.csv.gz'), gzipSync(HEADER + rows(40, 50)));
    append(path, 'in/log.csv', rows(50, 60));
  },
  ids: ofDataset,
  before: ids(40),
  after: ids(60),
  exitCodes: [0],
};

const fileTargets = (
  [
    ['out.parquet', 'read_parquet'],
    ['out.csv', 'read_csv'],
    ['out.ndjson', 'read_json'],
  ] as const
).map(
  ([name, reader]): Scenario => ({
    name: `a growing ${name}`,
    args: ['ingest', 'log.csv', '-o', name, ...STATE],
    prepare(path) {
      grown(this.args, () => append(path, 'log.csv', rows(60, 100)))(path);
    },
    ids: ofFile(name, reader),
    before: ids(60),
    after: ids(100),
    exitCodes: [0],
  }),
);

const arrow: Scenario = {
  name: 'a growing out.arrow',
  args: ['ingest', 'log.csv', '-o', 'out.arrow', ...STATE],
  prepare(path) {
    grown(this.args, () => append(path, 'log.csv', rows(60, 100)))(path);
  },
  ids: async (path) => {
    const frame = polars().readIPC(readFileSync(join(path, 'out.arrow'))) as unknown as {
      getColumn(name: string): { toArray(): unknown[] };
    };
    return frame
      .getColumn('id')
      .toArray()
      .map(Number)
      .sort((a, b) => a - b)
      .map(String);
  },
  before: ids(60),
  after: ids(100),
  exitCodes: [0],
};

const sqlite: Scenario = {
  name: 'an SQLite table',
  args: ['ingest', 'log.csv', '-o', 'out.sqlite#t', '--state', 'me', '-q'],
  prepare(path) {
    grown(this.args, () => append(path, 'log.csv', rows(60, 100)))(path);
  },
  ids: async (path) => {
    const database = new DatabaseSync(join(path, 'out.sqlite'));
    try {
      return database
        .prepare('select id from t order by id')
        .all()
        .map(({ id }) => String(id));
    } finally {
      database.close();
    }
  },
  before: ids(60),
  after: ids(100),
  exitCodes: [0],
};

const inbox = (what: 'move:done' | 'delete'): Scenario => ({
  name: `an inbox with --after ${what}`,
  args: ['ingest', 'in', '-o', 'data/', '-q', '--after', what],
  prepare(path) {
    mkdirSync(join(path, 'in'));
    write(path, 'in/a.csv', HEADER + rows(0, 30));
    first(path, this.args);
    write(path, 'in/b.csv', HEADER + rows(30, 50));
    write(path, 'in/c.csv', HEADER + rows(50, 60));
  },
  ids: ofDataset,
  before: ids(30),
  after: ids(60),
  check(path) {
    expect(readdirSync(join(path, 'in'))).toEqual([]);
    if (what === 'delete') return;
    expect(readdirSync(join(path, 'done')).sort()).toEqual(['a.csv', 'b.csv', 'c.csv']);
  },
  exitCodes: [0],
});

/** Grows, rotates and grows again; done once, wherever the run is killed. */
const rotateOnce = (path: string): void => {
  const log = join(path, 'log.csv');
  if (existsSync(`${log}.1`)) return;
  append(path, 'log.csv', rows(80, 90));
  renameSync(log, `${log}.1`);
  writeFileSync(log, HEADER + rows(90, 110));
};

/** Until so many rows are committed, or nobody may be about to. */
async function untilCommitted(path: string, rows: number, ended: AbortSignal): Promise<void> {
  const written = (): number => {
    const record = JSON.parse(readFileSync(join(path, 'state.json'), 'utf8')) as CommitRecord;
    return record.totals.rowsWritten;
  };
  for (let tries = 0; tries < 250 && !ended.aborted && written() < rows; tries += 1) {
    await sleep(30);
  }
}

const followed: Scenario = {
  name: 'a followed log that grows and rotates',
  args: ['ingest', 'log.csv', '-o', 'data/', '--follow', '--flush', '40ms', ...STATE],
  prepare(path) {
    write(path, 'log.csv', HEADER + rows(0, 60));
    first(path, ['ingest', 'log.csv', '-o', 'data/', ...STATE]);
    append(path, 'log.csv', rows(60, 80));
  },
  async meanwhile(path, ended) {
    await untilCommitted(path, 80, ended);
    if (ended.aborted) return;
    rotateOnce(path);
    await untilCommitted(path, 110, ended);
  },
  // It listens before it takes the lock.
  hears: (path, pid) => {
    const lock = join(path, 'data', '.nairobi', 'lock');
    return existsSync(lock) && readFileSync(lock, 'utf8').startsWith(`process ${pid} `);
  },
  settle: rotateOnce,
  ids: ofDataset,
  before: ids(60),
  after: ids(110),
  exitCodes: [0],
};

export const SCENARIOS: readonly Scenario[] = [
  rotated,
  truncated,
  compressed,
  ...fileTargets,
  arrow,
  sqlite,
  inbox('move:done'),
  inbox('delete'),
  ...MAINTENANCE,
  followed,
];
