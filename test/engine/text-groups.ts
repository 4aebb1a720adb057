/** GROUP BY over a text in a file, by the kernel and by Polars; what tests and fuzzers share. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Column, Relation, TextCut } from '../../src/compute/relation.ts';
import type { HostOptions } from '../../src/engine/options.ts';
import { query } from '../../src/engine/query.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { Session } from '../../src/engine/session.ts';
import { NairobiError } from '../../src/errors.ts';
import type { ReadOptions } from '../../src/formats/options.ts';
import { compile } from '../../src/sql/plan.ts';
import { type Cell, cells } from '../sql/oracle.ts';

export interface Answer {
  readonly rows: Cell[][];
  readonly types: readonly string[];
}

/** A session that reads small files as it reads large ones ("mmap"), or not ("uring"). */
export function open(io: HostOptions['io'], read: Partial<ReadOptions>): Session {
  const host = { memoryLimit: undefined, threads: undefined, cpus: undefined, direct: 'auto' };
  const given = { host: { ...host, io } as HostOptions, read: { inferRows: 100, ...read } };
  return new Session(given as ConstructorParameters<typeof Session>[0], new Reporter());
}

/** What the kernel makes of it by itself; undefined where it leaves it to Polars. */
export async function byKernel(
  path: string,
  sql: string,
  { threads = 1, cut, read = {} }: { threads?: number; cut?: TextCut; read?: Partial<ReadOptions> },
): Promise<Answer | undefined> {
  using session = open('mmap', read);
  const relation: Relation = session.open({ name: 't', path }, true);
  const source = relation.textSource?.();
  if (source === undefined) return undefined;
  const text = { ...source, threads, ...(cut === undefined ? {} : { cut }) };
  const wrapped: Relation = {
    name: 't',
    columns: relation.columns,
    fits: true,
    scan: (columns) => relation.scan(columns),
    segments: (columns) => relation.segments(columns),
    textSource: () => text,
  };
  const compiled = await compile(sql, () => wrapped);
  if ((await compiled.prepare()).length > 0) return undefined;
  return { rows: cells(compiled.run()), types: types(compiled.columns) };
}

const types = (columns: readonly Column[]): readonly string[] => columns.map(({ type }) => type);

/** What the program answers, or the message and the line of its error. */
export async function answer(
  path: string,
  sql: string,
  io: 'mmap' | 'uring',
  read: Partial<ReadOptions> = {},
): Promise<Answer | string> {
  using session = open(io, read);
  try {
    const { frame, columns } = await query(session, { sql, sources: [{ name: 't', path }] });
    return { rows: cells(frame), types: types(columns) };
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    return `${error.message} ${error.where?.line}`;
  }
}

/** A text with its columns, and a query for it. */
export interface Trial {
  readonly text: string;
  readonly sql: string;
  /** As DuckDB declares them. */
  readonly columns: Readonly<Record<string, string>>;
  readonly cut: TextCut;
}

const KINDS = {
  text: 'VARCHAR',
  odd: 'VARCHAR',
  whole: 'BIGINT',
  large: 'BIGINT',
  number: 'DOUBLE',
  flag: 'BOOLEAN',
  day: 'DATE',
  time: 'TIMESTAMP',
} as const;
type Kind = keyof typeof KINDS;

const two = (n: number): string => String(n).padStart(2, '0');
const WORDS = ['a', 'bb', 'device-017', 'a rather long name, of a device', 'çédille', 'x"y', ''];

/** Text of one value; `n` is any number. */
function sampleOf(kind: Kind, n: number): string {
  const sign = n % 3 === 0 ? '-' : '';
  const abs = Math.abs(n);
  switch (kind) {
    case 'text':
      return `key ${abs % 17}`;
    case 'odd':
      return WORDS[abs % WORDS.length] ?? '';
    case 'whole':
      return String((n % 40) * (abs % 5 === 0 ? 1 : 977));
    case 'large':
      return `${sign}${1 + (abs % 9)}${String(abs)
        .padStart(9, '7')
        .repeat(2)
        .slice(0, abs % 18)}`;
    case 'number':
      return `${sign}${(abs % 100_000) / 8}${abs % 7 === 0 ? 'e-3' : abs % 11 === 0 ? '.' : ''}`.replace(
        /(\..*)\.$/,
        '$1',
      );
    case 'flag':
      return abs % 2 === 0 ? 'true' : 'false';
    case 'day':
      return `20${two(abs % 30)}-${two(1 + (abs % 12))}-${two(1 + (abs % 28))}`;
    case 'time':
      return `1969-12-${two(1 + (abs % 31))} ${two(abs % 24)}:${two(abs % 60)}:${two(abs % 7)}`;
  }
}

/** As records have it; a text is quoted where it has to be, or by whim. */
function written(kind: Kind, value: string, whim: boolean): string {
  const mayBe = kind === 'text' || kind === 'odd' || kind === 'whole' || kind === 'number';
  const must = /[",\n]/.test(value) || (value === '' && kind === 'odd');
  return must || (whim && mayBe) ? `"${value.replaceAll('"', '""')}"` : value;
}

const MEASURES: Readonly<Record<Kind, readonly string[]>> = {
  text: ['count'],
  odd: ['count'],
  whole: ['count', 'sum', 'avg', 'min', 'max', 'stddev_samp', 'var_pop'],
  large: ['count', 'sum', 'min', 'max'],
  number: ['count', 'sum', 'avg', 'min', 'max', 'stddev_pop', 'var_samp'],
  flag: ['count'],
  day: ['count', 'min', 'max'],
  time: ['count', 'min', 'max'],
};
const KEYS: readonly Kind[] = ['text', 'odd', 'whole', 'flag', 'day', 'time'];

function conditionOf(kind: Kind, name: string, n: number): string {
  const value = sampleOf(kind, n).replaceAll("'", "''");
  if (n % 5 === 0) return `${name} is ${n % 2 === 0 ? '' : 'not '}null`;
  if (kind === 'flag') return n % 2 === 0 ? name : `not ${name}`;
  if (kind === 'text' || kind === 'odd') return `${name} ${n % 2 === 0 ? '=' : '<>'} '${value}'`;
  const literal =
    kind === 'day' ? `date '${value}'` : kind === 'time' ? `timestamp '${value}'` : value;
  return `${name} ${['<', '<=', '>', '>=', '<>'][n % 5]} ${literal}`;
}

/** Rows are made of few numbers, so that a failure says little. */
export function trials(maxRows: number): fc.Arbitrary<Trial> {
  const kinds = fc.array(fc.constantFrom(...(Object.keys(KINDS) as Kind[])), {
    minLength: 1,
    maxLength: 5,
  });
  return fc
    .record({
      first: fc.constantFrom(...KEYS),
      kinds,
      seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      rows: fc.integer({ min: 1, max: maxRows }),
      nulls: fc.constantFrom(0, 3, 20),
      quotes: fc.constantFrom(0, 2, 50),
      lineEnd: fc.constantFrom('\n', '\n', '\r\n'),
      isOpen: fc.boolean(),
      picks: fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 }),
      stretch: fc.integer({ min: 700, max: 9000 }),
      block: fc.integer({ min: 700, max: 4000 }),
    })
    .map((given) => trialOf(given));
}

interface Given {
  first: Kind;
  kinds: Kind[];
  seed: number;
  rows: number;
  nulls: number;
  quotes: number;
  lineEnd: string;
  isOpen: boolean;
  picks: number[];
  stretch: number;
  block: number;
}

function trialOf(given: Given): Trial {
  const { rows, nulls, quotes, lineEnd, isOpen, picks, stretch, block } = given;
  const kinds = [...given.kinds, given.first];
  let state = given.seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >> 4;
  };
  const names = kinds.map((_, at) => `c${at}`);
  const lines = [names.join(',')];
  for (let row = 0; row < rows; row += 1) {
    const fields = kinds.map((kind, column) => {
      // The first records show what a column is, and a record of one field is not blank.
      const isNull = nulls > 0 && row > 3 && column > 0 && Math.abs(next()) % nulls === 0;
      const isQuoted = quotes > 0 && Math.abs(next()) % quotes === 0;
      return isNull ? '' : written(kind, sampleOf(kind, next()), isQuoted);
    });
    lines.push(fields.join(','));
  }
  const text = lines.join(lineEnd) + (isOpen ? '' : lineEnd);
  const columns = Object.fromEntries(names.map((name, at) => [name, KINDS[kinds[at] as Kind]]));
  return { text, sql: sqlOf(kinds, names, picks), columns, cut: { stretch, block } };
}

function sqlOf(kinds: readonly Kind[], names: readonly string[], picks: readonly number[]): string {
  const at = (pick: number): number => (picks[pick] ?? 0) % kinds.length;
  const others = [1, 2].map(at).filter((column) => KEYS.includes(kinds[column] as Kind));
  const wanted = new Set([kinds.length - 1, ...others.slice(0, (picks[3] ?? 0) % 3)]);
  const keys = [...wanted].map((column) => names[column]).join(', ');
  const measures = [4, 5, 6].map((pick) => {
    const able = MEASURES[kinds[at(pick)] as Kind];
    return `${able[(picks[pick] ?? 0) % able.length]}(${names[at(pick)]})`;
  });
  const n = picks[7] ?? 0;
  const where =
    n % 3 === 0 ? ` where ${conditionOf(kinds[at(7)] as Kind, names[at(7)] ?? '', n)}` : '';
  const asked = `count(*), ${measures.join(', ')} from t${where}`;
  return n % 7 === 0 ? `select ${asked}` : `select ${keys}, ${asked} group by ${keys}`;
}

/** Writes the text; gives the three answers. */
export async function answers(
  path: string,
  { text, sql, cut }: Trial,
): Promise<{ kernel: Answer | undefined; polars: Answer | string }> {
  writeFileSync(path, text);
  const kernel = await byKernel(path, sql, { cut });
  return { kernel, polars: await answer(path, sql, 'uring') };
}

/** Enough rows that the sample ends before `late`. */
export function lately(
  header: string,
  row: (n: number) => string,
  late: string,
  rows = 9000,
): string {
  const lines = Array.from({ length: rows }, (_, n) => row(n));
  lines.splice(rows - 500, 0, late);
  return `${header}\n${lines.join('\n')}\n`;
}

export const row = (n: number): string => `key ${n % 7},${n},${n / 8},${n % 2 === 0}`;
/** Records that are not as those before them, of columns k, i, f, b. */
export const LATE: Readonly<Record<string, string>> = {
  'a text among integers': 'key 1,late,1,true',
  'a double among integers': 'key 1,1.5,1,true',
  'zeros in front': 'key 1,007,1,true',
  'a plus': 'key 1,+7,1,true',
  'an integer of 20 digits': 'key 1,12345678901234567890,1,true',
  'a text among doubles': 'key 1,1,late,true',
  'NaN among doubles': 'key 1,1,NaN,true',
  'a double that overflows': 'key 1,1,1e400,true',
  'an integer that doubles round': 'key 1,1,9007199254740993,true',
  'a text among truth values': 'key 1,1,1,maybe',
  'a short record': 'key 1,1,1',
  'a long record': 'key 1,1,1,true,1',
  'a blank line': '',
  'a stray quote': 'key "1,1,1,true',
  'quotes with more behind them': '"key" 1,1,1,true',
  'a carriage return in a text': 'key\r1,1,1,true',
  'bytes that are no UTF-8': 'key \u0000,1,1,true',
  'a number with a blank': 'key 1, 1,1,true',
  'an empty text in quotes for a number': 'key 1,"",1,true',
};
