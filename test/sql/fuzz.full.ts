/**
 * Random queries over random tables, for as long as NAIROBI_FUZZ_SECONDS says (20 minutes): what
 * DuckDB answers we answer alike, whole and in pieces, or refuse. All differences are told, each
 * with the seed that makes it again: NAIROBI_FUZZ_SEED=... NAIROBI_FUZZ_SECONDS=0.
 */
import { expect, test } from 'vitest';
import { NairobiError } from '../../src/errors.ts';
import { fuzzQuery } from './fuzz-queries.ts';
import { Chance, randomTable, type TableOf } from './fuzz-tables.ts';
import { type Cell, cells, difference, Oracle } from './oracle.ts';

const SECONDS = Number(process.env['NAIROBI_FUZZ_SECONDS'] ?? 1200);
const SEED = Number(process.env['NAIROBI_FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const QUERIES_A_ROUND = 100;
const TOLD_MAX = 40;

class Tally {
  compared = 0;
  refusedByThem = 0;
  readonly refused = new Map<string, number>();
  readonly wrong: string[] = [];

  refuse(message: string): void {
    const kind = message.replace(/"[^"]*"|\d+/g, '_').slice(0, 90);
    this.refused.set(kind, (this.refused.get(kind) ?? 0) + 1);
  }
}

async function ask(oracle: Oracle, sql: string, tally: Tally): Promise<string | undefined> {
  let expected: Cell[][];
  try {
    expected = await oracle.theirs(sql);
  } catch {
    tally.refusedByThem += 1;
    return undefined;
  }
  const ordered = sql.includes(' limit ');
  try {
    const query = await oracle.compile(sql);
    const found = difference(cells(query.run()), expected, ordered);
    if (found !== undefined) return found;
    if (query.runBounded !== undefined) {
      const inPieces = difference(cells(await query.runBounded()), expected, ordered);
      if (inPieces !== undefined) return `in pieces: ${inPieces}`;
    }
    tally.compared += 1;
    return undefined;
  } catch (error) {
    // Refusing is allowed, a wrong answer or a crash is not.
    if (!(error instanceof NairobiError)) return `crash: ${String(error).slice(0, 300)}`;
    tally.refuse(`${error.code}: ${error.message}`);
    return undefined;
  }
}

test(`random queries over random tables (seed ${SEED}, ${SECONDS} s)`, {
  timeout: (SECONDS + 300) * 1000,
}, async () => {
  const tally = new Tally();
  const end = Date.now() + SECONDS * 1000;
  let seed = SEED;
  do {
    const chance = new Chance(seed);
    await using oracle = await Oracle.open(7);
    const t = await randomTable(oracle, 't', chance, 40);
    const u = await randomTable(oracle, 'u', chance, 25);
    const tables: readonly [TableOf, TableOf] = [t, u];
    for (let at = 0; at < QUERIES_A_ROUND; at += 1) {
      const sql = fuzzQuery(chance, tables);
      const found = await ask(oracle, sql, tally);
      if (found !== undefined) tally.wrong.push(`seed ${seed}: ${sql}\n    ${found}`);
    }
    seed += 1;
  } while (Date.now() < end && tally.wrong.length < TOLD_MAX);
  const refused = [...tally.refused].sort(([, a], [, b]) => b - a).slice(0, 15);
  console.log(
    `rounds ${seed - SEED}, compared ${tally.compared}, refused by DuckDB ${tally.refusedByThem}, by us:`,
    refused,
  );
  expect(tally.wrong.join('\n')).toBe('');
  expect(tally.compared).toBeGreaterThan(0);
});
