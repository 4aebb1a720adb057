/** As text-groups.test.ts, for minutes: random texts, and texts that random bytes have damaged. */
import { isUtf8 } from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { difference } from '../sql/oracle.ts';
import { answer, answers, trials } from './text-groups.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);
const MINUTES = Number(process.env['NAIROBI_FUZZ_MINUTES'] ?? 2);
const TIMEOUT = { timeout: (MINUTES + 2) * 60_000 };
const LIMITS = { seed, numRuns: 1_000_000, interruptAfterTimeLimit: MINUTES * 60_000 };

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-text-groups-'));
});
afterAll(() => rmSync(root, { recursive: true }));

test(`random texts are grouped as by Polars (seed ${seed})`, TIMEOUT, async () => {
  let taken = 0;
  const file = path.join(root, 'random.csv');
  const property = fc.asyncProperty(trials(2000), async (trial) => {
    const { kernel, polars } = await answers(file, trial);
    if (kernel === undefined) return;
    taken += 1;
    if (typeof polars === 'string') throw new Error(polars);
    expect(kernel.types).toEqual(polars.types);
    expect(difference(kernel.rows, polars.rows, false), trial.sql).toBeUndefined();
  });
  await fc.assert(property, LIMITS);
  expect(taken).toBeGreaterThan(100);
});

const BYTES = [...'",\n\r .-+e09aZ\0'].map((text) => text.charCodeAt(0));
const damages = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    byte: fc.constantFrom(...BYTES),
    isInserted: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);

test(`a damaged text is what it is in memory (seed ${seed})`, TIMEOUT, async () => {
  const file = path.join(root, 'damaged.csv');
  const property = fc.asyncProperty(trials(600), damages, async (trial, found) => {
    writeFileSync(file, trial.text);
    let bytes = readFileSync(file);
    // Not in the header: which of two errors is met first is another matter.
    const first = bytes.indexOf(0x0a) + 1;
    for (const { at, byte, isInserted } of found) {
      const place = first + Math.floor(at * (bytes.length - first));
      const rest = bytes.subarray(isInserted ? place : place + 1);
      bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from([byte]), rest]);
    }
    // Columns that nobody reads are looked at for that in memory alone.
    if (!isUtf8(bytes)) return;
    writeFileSync(file, bytes);
    const [whole, placed] = [
      await answer(file, trial.sql, 'uring'),
      await answer(file, trial.sql, 'mmap'),
    ];
    if (typeof whole === 'string' || typeof placed === 'string') {
      // Which error is met first may differ: a type that does not fit, a record that is none.
      expect([typeof placed, placed, whole], trial.sql).toEqual([typeof whole, placed, whole]);
      return;
    }
    expect(placed.types, trial.sql).toEqual(whole.types);
    expect(difference(placed.rows, whole.rows, false), trial.sql).toBeUndefined();
  });
  await fc.assert(property, LIMITS);
});
