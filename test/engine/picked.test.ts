/** Columns that are copied out of wide text before Polars parses it: the same rows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostOptions } from '../../src/engine/options.ts';
import { query } from '../../src/engine/query.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { Session } from '../../src/engine/session.ts';
import { NairobiError } from '../../src/errors.ts';
import type { OnError } from '../../src/formats/options.ts';
import { SYS } from '../../src/kernel/constants.ts';
import { checkCode } from '../../src/kernel/records-code.ts';
import { interpose } from '../../src/kernel/syscall.ts';

const full = process.env['NAIROBI_TEST_FULL'] === '1';
const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);
const ABLE = { skip: checkCode() === undefined };

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-picked-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const HOST: HostOptions = {
  memoryLimit: undefined,
  threads: undefined,
  cpus: undefined,
  io: 'auto',
  direct: 'auto',
};

interface Answer {
  readonly rows: string;
  readonly types: readonly string[];
  readonly copies: number;
}

/** What the query answers, or the message of its error without the place. */
async function ask(
  text: string,
  sql: string,
  io: HostOptions['io'],
  onError: OnError = 'fail',
  delimiter = ',',
): Promise<Answer> {
  const file = path.join(root, 'wide.csv');
  writeFileSync(file, text);
  let copies = 0;
  using _calls = interpose((real) => (number, ...args) => {
    if (number === SYS.memfd_create) copies += 1;
    return real(number, ...args);
  });
  const reader = { inferRows: 100, onError, delimiter };
  using session = new Session({ host: { ...HOST, io }, read: reader }, new Reporter());
  try {
    const { frame, columns } = await query(session, { sql, sources: [{ name: 't', path: file }] });
    const rows = frame.writeCSV().toString('utf8');
    return { rows, types: columns.map(({ type }) => type), copies };
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    return { rows: `${error.message} ${error.where?.line}`, types: [], copies };
  }
}

/** In memory, and in place with the columns copied out. */
async function bothWays(
  text: string,
  sql: string,
  onError: OnError = 'fail',
  delimiter = ',',
): Promise<number> {
  const inMemory = await ask(text, sql, 'uring', onError, delimiter);
  const inPlace = await ask(text, sql, 'mmap', onError, delimiter);
  expect([inPlace.rows, inPlace.types]).toEqual([inMemory.rows, inMemory.types]);
  return inPlace.copies;
}

const WIDTH = 12;
const names = Array.from({ length: WIDTH }, (_, at) => `c${at}`);
const header = names.join(',');

/** Numbers, quoted texts with commas and line ends, empty fields: a kind for each column. */
function fieldOf(column: number, row: number): string {
  if (column % 4 === 0) return String(row * 7 + column);
  if (column % 4 === 1) return row % 5 === 0 ? '' : (row / 8).toFixed(3);
  if (column % 4 === 2) return row % 3 === 0 ? `"a, ""b""\n${row}"` : `text ${row} with more of it`;
  return `2024-01-${String(1 + (row % 28)).padStart(2, '0')}`;
}

const rowsOf = (count: number): string[][] =>
  Array.from({ length: count }, (_, row) => names.map((_name, column) => fieldOf(column, row)));

const textOf = (rows: readonly string[][], end = '\n'): string =>
  [header, ...rows.map((row) => row.join(','))].join(end) + end;

describe('columns copied out of wide text', ABLE, () => {
  const sql = 'select c0, c5, c4 from t';

  it('are the same rows, whatever the line end and wherever they stand', async () => {
    for (const end of ['\n', '\r\n']) {
      const text = textOf(rowsOf(400), end);
      expect(await bothWays(text, sql)).toBe(1);
      expect(await bothWays(text, 'select c1 from t')).toBe(1);
      expect(await bothWays(text, 'select median(c0) from t')).toBe(1);
      expect(await bothWays(text, 'select * from t')).toBe(0);
    }
    expect(await bothWays(textOf(rowsOf(400)).trimEnd(), sql)).toBe(1);
  });

  it('are those of any query: joins of the table with itself, filters, texts', async () => {
    const text = textOf(rowsOf(300));
    await bothWays(text, 'select a.c0, b.c5 from t a join t b on a.c0 = b.c4 - 4 order by all');
    await bothWays(text, "select c4, c3 from t where c2 like '%b%' order by c4 desc limit 5");
    await bothWays(text, 'select c0 from t where c0 > (select avg(c4) from t)');
  });

  it('are checked: rows that are not plain are mended or refused as they are elsewhere', async () => {
    for (const bad of ['1,2', '', Array.from({ length: 14 }, () => '1').join(',')]) {
      const rows = textOf(rowsOf(400)).split('\n');
      rows.splice(-40, 0, bad);
      for (const onError of ['fail', 'skip', 'null'] as const)
        await bothWays(rows.join('\n'), sql, onError);
    }
  });

  it('change their type by what comes late, as they do elsewhere', {
    timeout: 120_000,
  }, async () => {
    const late = fc.constantFrom(
      ...['007', '1e400', '12345678901234567', 'x', '1.5', '-0', ' 7', '+5', '"007"', '', 'NaN'],
      ...['9223372036854775808', '2024-02-30', '"1,5"', '1e5', '"x\ny"'],
    );
    const check = fc.asyncProperty(
      late,
      fc.nat(WIDTH - 1),
      fc.constantFrom<OnError>('fail', 'skip', 'null'),
      async (value, column, onError) => {
        const rows = rowsOf(300);
        (rows[270] as string[])[column] = value;
        await bothWays(textOf(rows), `select c${column}, c0 from t`, onError);
      },
    );
    await fc.assert(check, { numRuns: full ? 400 : 15, seed });
  });
});

/** The machine code leaves text alone whose delimiter could be a part of a number. */
describe('text that there is no machine code for', () => {
  it('is scanned where it lies, and checked by threads', { timeout: 120_000 }, async () => {
    const slashed = (row: readonly string[]): string => row.join('/').replaceAll(',', ' ');
    for (const [column, value] of [
      [0, '1'],
      [0, '007'],
      [5, '1e400'],
      [4, 'x'],
      [0, 'short'],
    ] as const) {
      const rows = rowsOf(300);
      rows[270] = value === 'short' ? ['1'] : (rows[270] as string[]).with(column, value);
      const text = `${[names, ...rows].map(slashed).join('\n')}\n`;
      await bothWays(text, `select c${column}, c11 from t`, 'fail', '/');
    }
  });
});

describe('columns copied out part by part', { ...ABLE, timeout: 180_000 }, () => {
  /** Two parts: one of 4 MiB and what follows. */
  const ROWS = 50_000;
  const rows = rowsOf(ROWS);
  const text = textOf(rows);
  const groups = `select c4 % 7 as k, count(*), sum(c0), min(c5), max(c7), count(c1), min(c2)
    from t where c8 % 3 <> 1 group by 1 order by 1`;

  it('make the same aggregates', async () => {
    expect(await bothWays(text, groups)).toBe(2);
    expect(await bothWays(text, 'select count(-c0) from t')).toBe(2);
    expect(await bothWays(text, 'select count(c11), min(c11), max(-c0) from t')).toBe(2);
    expect(await bothWays(text, 'select c0, c7 from t order by c0 desc limit 3')).toBe(2);
  });

  it('are given up for the whole when they make too many groups', async () => {
    const sql = 'select count(*) from (select -c0, count(*) from t group by 1)';
    expect(await bothWays(text, sql)).toBe(3);
  });

  it('are no more than a LIMIT needs, and are not given out unchecked', async () => {
    expect(await bothWays(text, 'select * from t limit 3')).toBe(2);
    expect(await bothWays(text, 'select c2 from t limit 3 offset 45000')).toBe(2);
    const spoilt = [...rows];
    spoilt[ROWS - 5] = ['short'];
    const faulty = textOf(spoilt);
    const some = await ask(faulty, 'select c0 from t limit 2', 'mmap');
    expect(some.rows).toBe('c0\n0\n7\n');
    await bothWays(faulty, `select c0 from t limit 2 offset ${ROWS - 4}`);
  });

  it('are checked to the last', async () => {
    const late = [
      [0, '007'],
      [4, 'x'],
      [5, '1e400'],
      [0, '12345678901234567890'],
    ] as const;
    for (const [column, value] of full ? late : late.slice(0, 2)) {
      const odd = [...rows];
      odd[ROWS - 5] = (odd[ROWS - 5] as string[]).with(column, value);
      await bothWays(textOf(odd), `select max(c${column}), count(*) from t`);
    }
    const short = [...rows];
    short[ROWS - 5] = ['short'];
    for (const onError of full ? (['fail', 'skip', 'null'] as const) : (['skip'] as const))
      await bothWays(textOf(short), groups, onError);
  });
});
