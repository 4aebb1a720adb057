import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { writeNew } from '../../src/ingest/commit/durable.ts';
import {
  type CommitRecord,
  encodeRecord,
  NO_ROWS,
  readRecord,
} from '../../src/ingest/commit/record.ts';
import { commit, recover, Staging } from '../../src/ingest/commit/transaction.ts';
import {
  escapePartition,
  newRunId,
  partName,
  runOfPart,
  unescapePartition,
} from '../../src/ingest/targets/layout.ts';

const base = mkdtempSync(join(tmpdir(), 'nairobi-transaction-'));
afterAll(() => rmSync(base, { recursive: true }));

let root = '';
let state = '';
beforeEach(() => {
  const folder = mkdtempSync(join(base, 'case-'));
  root = join(folder, 'data');
  state = join(folder, 'state.json');
  mkdirSync(root);
});

/** Stages two parts and a rejects file, and the record that commits them. */
function stage(run = newRunId()): { staging: Staging; record: CommitRecord } {
  const staging = new Staging(root, run, state);
  const [one, two, rejects] = [staging.next(), staging.next(), staging.next()];
  for (const from of [one, two, rejects]) writeNew(join(root, from), Buffer.from(`${from}\n`));
  const publish = [
    { from: one, to: `day=1/${partName(run, 1)}`, rows: 1, bytes: 1 },
    { from: two, to: `day=2/${partName(run, 2)}`, rows: 1, bytes: 1 },
  ];
  const append = [{ from: rejects, to: join(root, '..', 'rejects.ndjson'), offset: 0, bytes: 1 }];
  return { staging, record: recordOf(run, { publish, append }) };
}

function recordOf(run: string, parts: Partial<CommitRecord>): CommitRecord {
  return {
    format: 'nairobi-commit',
    version: 1,
    sequence: 1,
    run,
    committedAt: '2026-11-21T00:00:00Z',
    target: root,
    columns: [],
    partitionBy: [],
    publish: [],
    append: [],
    remove: [],
    sources: [],
    totals: NO_ROWS,
    ...parts,
  };
}

const parts = (): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort();

test('after a commit every part has its name and nothing is staged', () => {
  const { staging, record } = stage();
  commit(state, record, staging);
  expect(parts()).toEqual(record.publish.map((part) => part.to).sort());
  expect(existsSync(staging.directory)).toBe(false);
  expect(readdirSync(join(root, '..')).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(readRecord(state)).toEqual(record);
});

test('a run that died before its commit leaves nothing behind', () => {
  const { record } = stage();
  expect(recover(root)).toEqual({ finished: [], discarded: [record.run], left: [] });
  expect(parts()).toEqual([]);
  expect(readdirSync(join(root, '.nairobi', 'staging'))).toEqual([]);
});

test('a run that died right after its commit is finished by the next one', () => {
  const { record } = stage();
  writeNew(state, encodeRecord(record));
  expect(recover(root)).toEqual({ finished: [record.run], discarded: [], left: [] });
  expect(parts()).toEqual(record.publish.map((part) => part.to).sort());
  expect(readFileSync(join(root, '..', 'rejects.ndjson'), 'utf8')).toContain('0003.part');
});

test('recovery may itself be killed and repeated', () => {
  const { record } = stage();
  writeNew(state, encodeRecord(record));
  const moved = record.publish[0];
  if (moved === undefined) throw new Error('nothing was staged');
  mkdirSync(join(root, 'day=1'));
  writeNew(join(root, moved.to), readFileSync(join(root, moved.from)));
  rmSync(join(root, moved.from));
  recover(root);
  expect(recover(root)).toEqual({ finished: [], discarded: [], left: [] });
  expect(parts()).toEqual(record.publish.map((part) => part.to).sort());
});

test('a staged run whose record is on a volume that is away is left alone', () => {
  const run = newRunId();
  const staging = new Staging(root, run, join(base, 'not-mounted', 'state.json'));
  writeNew(join(root, staging.next()), Buffer.from('x'));
  expect(recover(root).left).toEqual([run]);
  expect(existsSync(staging.directory)).toBe(true);
});

test('a retired part goes with the commit that retires it', () => {
  const first = stage();
  commit(state, first.record, first.staging);
  const run = newRunId();
  const retired = first.record.publish[0]?.to ?? '';
  commit(state, recordOf(run, { remove: [retired] }), new Staging(root, run, state));
  expect(parts()).toEqual([first.record.publish[1]?.to]);
});

test('what somebody else keeps in a dataset survives a commit of many parts', () => {
  mkdirSync(join(root, 'notes'));
  writeNew(join(root, 'notes', 'README'), Buffer.from('mine'));
  symlinkSync('notes/README', join(root, 'link'));
  const { staging, record } = stage();
  commit(state, record, staging);
  expect(parts().length).toBe(2);
  expect(readFileSync(join(root, 'link'), 'utf8')).toBe('mine');
});

test('the tree of links that a killed run left beside a dataset is cleared away', () => {
  const { staging, record } = stage();
  commit(state, record, staging);
  mkdirSync(join(root, '..', `.data.${newRunId()}.next`, 'day=1'), { recursive: true });
  recover(root);
  expect(readdirSync(join(root, '..')).sort()).toEqual(['data', 'rejects.ndjson', 'state.json']);
});

test('a state file of somebody else is refused, not overwritten', () => {
  writeNew(state, Buffer.from('{"hello": 1}'));
  expect(() => readRecord(state)).toThrow('was not written by nairobi ingest');
});

test('partition values survive the trip into a directory name and back', () => {
  for (const value of ['a', 'a/b', '..', 'x=y', 'ä%41', 'tab\there', null]) {
    const name = escapePartition(value);
    expect(name).not.toContain('/');
    expect(unescapePartition(name)).toBe(value);
  }
});

test('only names that we give are ours', () => {
  const run = newRunId();
  expect(runOfPart(partName(run, 12))).toBe(run);
  expect(runOfPart('part-00000-abc.snappy.parquet')).toBeUndefined();
});
