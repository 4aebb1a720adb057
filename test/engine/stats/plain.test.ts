import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Relation } from '../../../src/compute/relation.ts';
import { DEFAULT_DEPTH } from '../../../src/compute/stats/accumulate.ts';
import { surveyPlain } from '../../../src/compute/stats/plain.ts';
import { Reporter } from '../../../src/engine/run/report.ts';
import { Session } from '../../../src/engine/session.ts';
import { type StatsResult, stats } from '../../../src/engine/stats/stats.ts';
import { general, HOST } from '../plain-ways.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nairobi-plain-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ways {
  readonly fast: StatsResult;
  readonly slow: StatsResult;
  /** Whether the kernel took the text. */
  readonly taken: boolean;
}

async function bothWays(text: string, threads = 1): Promise<Ways> {
  const file = path.join(folder, 'rows.csv');
  writeFileSync(file, text);
  using session = new Session({ host: HOST, read: {} }, new Reporter());
  const relation = session.open({ path: file });
  const plain = relation.plainText();
  const taken =
    plain !== undefined &&
    (await surveyPlain(plain, relation.columns, { threads: 1, depth: DEFAULT_DEPTH })) !==
      undefined;
  const run = (one: Relation): Promise<StatsResult> =>
    session.attempt(() => stats(one, { columns: undefined, threads }, session.reporter));
  return { fast: await run(relation), slow: await run(general(relation)), taken };
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const cells = {
  int: fc.oneof(
    fc.integer().map(String),
    fc.bigInt({ min: -(2n ** 59n), max: 2n ** 59n }).map(String),
    fc.constant(''),
  ),
  float: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.double({ min: -1e4, max: 1e4, noNaN: true }).map((x) => x.toFixed(3)),
    fc.constantFrom('', '-0', '.5', '1.', '1e5', '1E-7', '0.1'),
  ),
  text: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }).map(quoted),
    fc.stringMatching(/^[a-z][a-z ]{0,20}$/),
    fc.constantFrom('', '""', '"a,b"', '"x\ny"', '"say ""so"""', 'naïve', '007'),
  ),
  bool: fc.constantFrom('true', 'false', ''),
  time: fc
    .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((d) => d.toISOString().slice(0, 19).replace('T', ' ')),
  date: fc
    .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((d) => d.toISOString().slice(0, 10)),
};
const row = fc
  .tuple(cells.int, cells.float, cells.text, cells.bool, cells.time, cells.date)
  .map((list) => list.join(','));

describe('the fast way through plain text', () => {
  it('gives what the general way gives', async () => {
    let taken = 0;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (rows, end, ended) => {
          const text = ['i,f,s,b,t,d', ...rows].join(end) + (ended ? end : '');
          const ways = await bothWays(text);
          expect(ways.fast).toEqual(ways.slow);
          taken += Number(ways.taken);
          runs += 1;
        },
      ),
      { numRuns: 150 },
    );
    // Otherwise this compares the general way with itself.
    expect(taken / runs).toBeGreaterThan(0.4);
  });

  it.each([
    ['a row too short', 'a,b\n1,2\n3\n'],
    ['a row too long', 'a,b\n1,2\n3,4,5\n'],
    ['bytes that are no UTF-8', 'a,b\n1,x\xff\n'],
  ])('leaves %s to the general way', async (_, text) => {
    const file = path.join(folder, 'odd.csv');
    writeFileSync(file, Buffer.from(text, 'latin1'));
    using session = new Session({ host: HOST, read: {} }, new Reporter());
    const run = async (): Promise<unknown> => {
      const relation = session.open({ path: file });
      return session.attempt(() => stats(relation, { columns: undefined }, session.reporter));
    };
    await expect(run()).rejects.toMatchObject({ code: 'BAD_DATA' });
  });

  it('gives the same bits with any number of threads', async () => {
    const lines = ['i,f,s'];
    for (let i = 0; i < 200_000; i += 1) {
      lines.push(
        `${(i * 7919) % 100_003},${Math.sin(i) * 10 ** (i % 30)},"name ${i % 70_000}, ""x"""`,
      );
    }
    const text = `${lines.join('\n')}\n`;
    const one = await bothWays(text, 1);
    expect(one.taken).toBe(true);
    expect(one.fast).toEqual(one.slow);
    expect((await bothWays(text, 3)).fast).toEqual(one.fast);
  });
});
