/** As pages.test.ts: every file by every key, and damaged files. */
import { closeSync, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runGroups } from '../../src/compute/groups/run.ts';
import { planPages } from '../../src/compute/parquet/plan.ts';
import { type Cell, cells, difference, type Oracle } from './oracle.ts';
import { EVERY, FILES, KEYS, openPages } from './page-files.ts';

let oracle: Oracle;
beforeAll(async () => {
  oracle = await openPages();
});
afterAll(() => oracle[Symbol.asyncDispose]());

/** Of the second version: texts with differences of lengths are left to Polars. */
const isForPolars = (file: string, key: string): boolean =>
  file === 'second' && ['long', 'silence'].includes(key);

test.each(KEYS)('every aggregate of every file by %s', async (key) => {
  const theirs = await oracle.theirs(`select ${key}, ${EVERY} from t group by ${key}`);
  for (const file of FILES) {
    const sql = `select ${key}, ${EVERY} from ${file} group by ${key}`;
    const left = await (await oracle.compile(sql)).prepare();
    if (!isForPolars(file, key)) expect(left, file).toEqual([]);
    expect(difference(await oracle.ours(sql), theirs, false), file).toBeUndefined();
  }
});

/**
 * https://en.wikipedia.org/wiki/Linear_congruential_generator, the constants of Numerical Recipes
 */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const TRIALS = 400;

/** What the kernel makes of a file, or undefined where it leaves it to Polars. */
async function ours(path: string): Promise<Cell[][] | undefined> {
  const fd = openSync(path, 'r');
  try {
    const source = {
      files: [{ fd, size: fstatSync(fd).size }],
      threads: 1,
      memoryBytes: 2 ** 30,
    };
    const plan = planPages(source, {
      keys: [
        { name: 'text', type: 'String' },
        { name: 'flag', type: 'Boolean' },
      ],
      measures: [
        { what: 'count', column: undefined },
        { what: 'sum', column: { name: 'i32', type: 'Int32' } },
        { what: 'max', column: { name: 'f64', type: 'Float64' } },
        { what: 'max', column: { name: 'wide', type: 'Int64' } },
      ],
      conditions: [
        { column: { name: 'i32', type: 'Int32' }, test: '>', values: [-3n], negated: false },
      ],
    });
    const frame = plan && (await runGroups(plan));
    return frame && cells(frame);
  } finally {
    closeSync(fd);
  }
}

test.each(['snappy', 'zstd', 'lz4', 'plain', 'second', 'polars_zstd'])(
  'a damaged file is left to Polars or read as DuckDB reads it: %s',
  async (file) => {
    const whole = readFileSync(oracle.pathOf(file));
    // Pages alone: what types there are is for Polars to say, which reads the footer first.
    const pages = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
    let path = '';
    const sql = (): string =>
      `select text, flag, count(*), sum(i32), max(f64), max(wide) from '${path}' where i32 > -3 group by 1, 2`;
    let read = 0;
    try {
      for (let seed = 0; seed < TRIALS; seed += 1) {
        const next = random(seed * 7 + file.length);
        const copy = Buffer.from(whole);
        for (let n = 1 + Math.floor(next() * 3); n > 0; n -= 1) {
          copy[Math.floor(next() * pages)] = Math.floor(next() * 256);
        }
        // Never the same name: DuckDB keeps the footer of a file that looks unchanged.
        path = join(tmpdir(), `nairobi-damaged-${process.pid}-${file}-${seed}.parquet`);
        writeFileSync(path, copy);
        const answer = await ours(path);
        const theirs = answer && (await oracle.theirs(sql()).catch(() => undefined));
        rmSync(path);
        if (answer === undefined) continue;
        read += 1;
        // What DuckDB refuses says nothing; it may check what is not read here.
        if (theirs === undefined) continue;
        expect(difference(answer, theirs, false), `seed ${seed}`).toBeUndefined();
      }
    } finally {
      rmSync(path, { force: true });
    }
    expect(read).toBeGreaterThan(TRIALS / 10);
  },
);
