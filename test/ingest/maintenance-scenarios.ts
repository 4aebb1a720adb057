/** Compaction and retention of a dataset as runs that are disturbed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Scenario } from './scenario.ts';
import { first, HEADER, ids, ofDataset, rows, write } from './scenario-rows.ts';

const manyParts = (path: string): void => {
  for (let run = 0; run < 4; run += 1) {
    write(path, 'log.csv', HEADER + rows(run * 10, run * 10 + 10));
    first(path, ['ingest', 'log.csv', '-o', 'data/', '--partition-by', 'day(ts)', '-q']);
  }
};

const compaction: Scenario = {
  name: 'compaction',
  args: ['ingest', '--compact', 'data/', '-q'],
  prepare: manyParts,
  ids: ofDataset,
  before: ids(40),
  after: ids(40),
  check: (path) =>
    expect(
      readdirSync(join(path, 'data'), { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.parquet'),
      ),
    ).toHaveLength(2),
  exitCodes: [0],
};

const retention: Scenario = {
  name: 'retention with compaction',
  args: ['ingest', '--keep', '30d', '--compact', 'data/', '-q'],
  prepare(path) {
    const today = new Date().toISOString().slice(0, 10);
    for (let run = 0; run < 4; run += 1) {
      const text = rows(run * 10, run * 10 + 10);
      write(
        path,
        'log.csv',
        HEADER + text.replaceAll('2026-11-01', today).replaceAll('2026-11-02', '2020-11-02'),
      );
      first(path, ['ingest', 'log.csv', '-o', 'data/', '--partition-by', 'day(ts)', '-q']);
    }
  },
  ids: ofDataset,
  before: ids(40),
  after: ids(40).filter((id) => Number(id) % 2 === 0),
  check: (path) => expect(existsSync(join(path, 'data', 'day=2020-11-02'))).toBe(false),
  exitCodes: [0],
};

export const MAINTENANCE: readonly Scenario[] = [compaction, retention];
