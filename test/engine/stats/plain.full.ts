import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_DEPTH } from '../../../src/compute/stats/accumulate.ts';
import { figuresOf } from '../../../src/compute/stats/figures.ts';
import { surveyPlain } from '../../../src/compute/stats/plain.ts';
import { Reporter } from '../../../src/engine/run/report.ts';
import { Session } from '../../../src/engine/session.ts';
import { stats } from '../../../src/engine/stats/stats.ts';
import { general, HOST } from '../plain-ways.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nairobi-plain-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ROWS = [
  '1,1.5,abc,true,2024-01-01 10:00:00,2024-01-01',
  '-22,-0.25,"q""uote, comma",false,2024-02-29 23:59:59,2024-12-31',
  ',,,,,',
  '12345678901234,1e-7,naïve façade of some length,true,2023-06-15 00:00:00,1999-01-01',
  '0,3.14159265358979,"line\nbreak",false,2024-01-02 10:00:00.5,2000-02-29',
];
const BYTES = [...'0123456789.,"\n\r -+eETZ:x\t']
  .map((c) => c.charCodeAt(0))
  .concat(0x00, 0x80, 0xc3, 0xff);

interface Mutation {
  readonly at: number;
  readonly byte: number;
  readonly how: 'set' | 'insert' | 'delete';
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(100_000),
  byte: fc.constantFrom(...BYTES),
  how: fc.constantFrom('set', 'insert', 'delete'),
});

function mutated(text: string, mutations: readonly Mutation[]): Buffer {
  const bytes = [...Buffer.from(text)];
  for (const { at, byte, how } of mutations) {
    const place = at % Math.max(1, bytes.length);
    if (how === 'set') bytes[place] = byte;
    else bytes.splice(place, how === 'delete' ? 1 : 0, ...(how === 'insert' ? [byte] : []));
  }
  return Buffer.from(bytes);
}

it('the fast way takes no damaged text that the general way reads differently or refuses', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...ROWS), { minLength: 1, maxLength: 12 }),
      fc.array(mutation, { maxLength: 3 }),
      async (rows, mutations) => {
        const file = path.join(folder, 'rows.csv');
        writeFileSync(file, mutated(`i,f,s,b,t,d\n${rows.join('\n')}\n`, mutations));
        using session = new Session({ host: HOST, read: {} }, new Reporter());
        let relation: ReturnType<Session['open']>;
        try {
          relation = session.open({ path: file });
        } catch {
          return;
        }
        const text = relation.plainText();
        if (text === undefined) return;
        const { columns } = relation;
        const depth = DEFAULT_DEPTH;
        const made = await surveyPlain(text, columns, { threads: 1, depth });
        if (made === undefined || made === 'full') return;
        taken += 1;
        const fast = made.map((one, i) =>
          figuresOf({ column: columns[i] as (typeof columns)[number], facts: one.finish() }),
        );
        const slow = await session.attempt(() =>
          stats(general(relation), { columns: undefined }, session.reporter),
        );
        expect(fast).toEqual(slow.columns);
      },
    ),
    { numRuns: Number(process.env['NAIROBI_FUZZ_RUNS'] ?? 1000) },
  );
  expect(taken).toBeGreaterThan(100);
});
