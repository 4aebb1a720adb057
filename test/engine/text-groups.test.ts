/** GROUP BY over the bytes of a text: as Polars has it, and as DuckDB has it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { difference, Oracle } from '../sql/oracle.ts';
import {
  type Answer,
  answer,
  answers,
  byKernel,
  LATE,
  lately,
  row,
  trials,
} from './text-groups.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);

let root: string;
let oracle: Oracle;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-text-groups-'));
  oracle = await Oracle.open();
});
afterAll(async () => {
  rmSync(root, { recursive: true });
  await oracle[Symbol.asyncDispose]();
});

test(`random texts are grouped as by Polars and by DuckDB (seed ${seed})`, async () => {
  let taken = 0;
  let number = 0;
  const property = fc.asyncProperty(trials(300), async (trial) => {
    number += 1;
    // Never the same name: DuckDB keeps what it knows of a file.
    const file = path.join(root, `random-${number}.csv`);
    const { kernel, polars } = await answers(file, trial);
    if (kernel === undefined) return;
    taken += 1;
    if (typeof polars === 'string') throw new Error(polars);
    expect(kernel.types).toEqual(polars.types);
    expect(difference(kernel.rows, polars.rows, false), trial.sql).toBeUndefined();
    const columns = Object.entries(trial.columns).map(([name, type]) => `'${name}': '${type}'`);
    const from = `read_csv('${file}', header = true, columns = {${columns.join(', ')}}, delim = ',',
      quote = '"', escape = '"', allow_quoted_nulls = false, null_padding = false, strict_mode = false)`;
    const theirs = await oracle.theirs(trial.sql.replace(' from t', ` from ${from}`));
    expect(difference(kernel.rows, theirs, false), trial.sql).toBeUndefined();
    rmSync(file);
  });
  await fc.assert(property, { seed, numRuns: 40, endOnFailure: true });
  expect(taken).toBeGreaterThan(20);
});

describe('what is not as it should be is left to Polars before anything was said', () => {
  test.each(Object.entries(LATE))('%s', async (name, late) => {
    const file = path.join(root, 'late.csv');
    writeFileSync(file, lately('k,i,f,b', row, late));
    const sql = 'select k, b, count(*), sum(i), avg(f), max(i) from t group by k, b';
    const whole = await answer(file, sql, 'uring');
    const placed = await answer(file, sql, 'mmap');
    if (typeof whole === 'string' || typeof placed === 'string') {
      expect(placed, name).toBe(whole);
      return;
    }
    expect(placed.types, name).toEqual(whole.types);
    expect(difference(placed.rows, whole.rows, false), name).toBeUndefined();
  });

  it('a column that was empty so far', async () => {
    const file = path.join(root, 'unseen.csv');
    writeFileSync(
      file,
      lately('k,e', (n) => `key ${n % 7},`, 'key 1,5'),
    );
    const sql = 'select k, count(e), count(*) from t group by k';
    const whole = (await answer(file, sql, 'uring')) as Answer;
    const placed = (await answer(file, sql, 'mmap')) as Answer;
    expect(difference(placed.rows, whole.rows, false)).toBeUndefined();
  });

  it('more groups than the kernel is for', async () => {
    const file = path.join(root, 'many.csv');
    const lines = Array.from({ length: 70_000 }, (_, n) => `${n * 7},${n % 3}`);
    writeFileSync(file, `k,v\n${lines.join('\n')}\n`);
    const sql = 'select k, sum(v) from t group by k';
    expect(await byKernel(file, sql, {})).toBeUndefined();
    const placed = (await answer(file, sql, 'mmap')) as Answer;
    expect(placed.rows.length).toBe(70_000);
  });
});

test('without keys there is one row, also of no rows', async () => {
  const file = path.join(root, 'none.csv');
  writeFileSync(file, 'k,v\na,1\nb,2\n');
  const sql = 'select count(*), count(v), sum(v), min(v) from t';
  expect((await byKernel(file, sql, {}))?.rows).toEqual([['2', '2', '3', '1']]);
  const none = await byKernel(file, `${sql} where v > 5`, {});
  expect(none?.rows).toEqual([['0', '0', null, null]]);
  expect((await byKernel(file, 'select count(*) from t', {}))?.rows).toEqual([['2']]);
});

test('a sum keeps what rounding takes from it', async () => {
  const file = path.join(root, 'lost.csv');
  const rows = ['1e16', '1.0', '-1e16', '0.1'].map((value) => `a,${value}`);
  writeFileSync(file, `k,v\n${rows.join('\n')}\n`);
  const sum = await byKernel(file, 'select k, sum(v), avg(v) from t group by k', {});
  expect(sum?.rows).toEqual([['a', 1.1, 0.275]]);
});

test('line ends within quotes are read where stretches do not begin there', async () => {
  const file = path.join(root, 'lines.csv');
  const lines = Array.from({ length: 400 }, (_, n) => `"key\n${n % 3}",${n}`);
  writeFileSync(file, `k,v\n${lines.join('\n')}\n`);
  const sql = 'select k, sum(v), count(*) from t group by k';
  const whole = (await answer(file, sql, 'uring')) as Answer;
  const kernel = await byKernel(file, sql, { cut: { stretch: 1e6, block: 900 } });
  expect(difference(kernel?.rows ?? [], whole.rows, false)).toBeUndefined();
  // Some of these begin within quotes: that is found out.
  let torn = 0;
  for (let stretch = 600; stretch < 640; stretch += 1) {
    const some = await byKernel(file, sql, { cut: { stretch, block: 900 } });
    if (some === undefined) torn += 1;
    else expect(difference(some.rows, whole.rows, false)).toBeUndefined();
  }
  expect(torn).toBeGreaterThan(20);
});

test('the result depends neither on threads nor on the size of blocks', async () => {
  const file = path.join(root, 'threads.csv');
  const lines = Array.from({ length: 40_000 }, (_, n) => `key ${n % 37},${Math.sqrt(n) * 1e3}`);
  writeFileSync(file, `k,v\n${lines.join('\n')}\n`);
  const sql = 'select k, sum(v), avg(v), min(v) from t group by k order by k';
  const seen = new Set<string>();
  for (const [threads, block] of [
    [1, 1000],
    [1, 65_536],
    [3, 7777],
  ] as const) {
    const each = await byKernel(file, sql, { threads, cut: { stretch: 50_000, block } });
    seen.add(JSON.stringify(each?.rows));
  }
  expect(seen.size).toBe(1);
});
