/**
 * The program while somebody signals it or spoils its source: run by under-fire.test.ts some tens of
 * times, by under-fire.full.ts hundreds of times. Random moments, from a seed that is printed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { BIN, nairobi, namesIn } from './nairobi.ts';

export const WAYS = ['auto', 'uring', 'pread', 'mmap'] as const;

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Runs the program and does `meanwhile` after `delayMs`. */
async function runWith(
  args: readonly string[],
  delayMs: number,
  meanwhile: (pid: number) => void,
): Promise<Ending> {
  const start = performance.now();
  const run = spawn(BIN, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(run, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const output = Promise.all([text(run.stdout as Readable), text(run.stderr as Readable)]);
  await Promise.race([sleep(delayMs), ended]);
  if (run.exitCode === null && run.signalCode === null && run.pid !== undefined) meanwhile(run.pid);
  const [code, signal] = await ended;
  const [stdout, stderr] = await output;
  return { code, signal, stdout, stderr, milliseconds: performance.now() - start };
}

/** A small seeded generator: 0 to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The commands that read, each with what it writes into the folder, if anything. */
export const COMMANDS: Readonly<Record<string, (file: string, out: string) => string[]>> = {
  query: (file) => ['query', `select b, sum(a) from '${file}' group by b order by b`],
  'query to a file': (file, out) => ['query', `select * from '${file}'`, '-o', `${out}/o.csv`],
  stats: (file) => ['stats', file],
  'ingest to a file': (file, out) => ['ingest', file, '-o', `${out}/o.parquet`],
  'ingest to a dataset': (file, out) => ['ingest', file, '-o', `${out}/set/`],
  plot: (file, out) => ['plot', file, '-x', 'a', '-y', 'b', '-o', `${out}/o.png`],
};

/** What may be left: the result itself, and what a dataset keeps beside it. */
const isResult = (name: string): boolean => /^(o\.(csv|parquet|png)|set)$/.test(name);

/**
 * Sends `signal` at a random moment of a run. Answers what is wrong with how it ended, or undefined.
 */
export async function signalled(
  command: string,
  file: string,
  out: string,
  how: { io: string; signal: 'SIGINT' | 'SIGTERM'; random: () => number; usualMs: number },
): Promise<string | undefined> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const args = [...(COMMANDS[command]?.(file, out) ?? []), '--io', how.io];
  const delayMs = how.random() * how.usualMs;
  const ending = await runWith(args, delayMs, (pid) => process.kill(pid, how.signal));
  const number = how.signal === 'SIGINT' ? 130 : 143;
  const fine =
    ending.code === 0 ||
    ending.code === number ||
    (ending.code === null && ending.signal === how.signal);
  const told = `${command} --io ${how.io}, ${how.signal} after ${delayMs.toFixed(0)} ms: `;
  if (!fine) return `${told}ended by ${ending.code} ${ending.signal}: ${ending.stderr}`;
  const left = namesIn(out).filter((name) => !isResult(name) && !name.startsWith('set/'));
  return left.length === 0 ? undefined : `${told}left ${left.join(', ')}`;
}

/** What is done to a source while it is read. */
export const SPOILS: Readonly<Record<string, (file: string, other: string) => void>> = {
  truncated: (file) => truncateSync(file, 4096),
  emptied: (file) => truncateSync(file, 0),
  'truncated and written again': (file, other) => copyFileSync(other, file),
  replaced: (file, other) => {
    copyFileSync(other, `${file}.new`);
    renameSync(`${file}.new`, file);
  },
  deleted: (file) => rmSync(file),
};

const ROWS = 300_000;
const OTHER_ROWS = 200_000;

/** Rows a text has at most that was spoiled before it was opened. */
const SHORTER: Readonly<Record<string, number>> = {
  truncated: 1000,
  'truncated and written again': OTHER_ROWS,
};
const rows = (count: number): string =>
  `a,b\n${Array.from({ length: count }, (_, row) => `${row},${row % 7}\n`).join('')}`;

export const FORMATS = ['csv', 'ndjson', 'parquet', 'arrow', 'csv.gz'] as const;

/** One pair of files for each format: what is read, and what is put in its place. */
export function makeSources(folder: string): void {
  for (const [name, count] of [
    ['original', ROWS],
    ['other', OTHER_ROWS],
  ] as const) {
    const csv = path.join(folder, `${name}.csv`);
    writeFileSync(csv, rows(count));
    writeFileSync(`${csv}.gz`, gzipSync(rows(count), { level: 1 }));
    for (const format of ['ndjson', 'parquet', 'arrow']) {
      const target = path.join(folder, `${name}.${format}`);
      const made = nairobi(['query', `select * from '${csv}'`, '-o', target]);
      if (made.code !== 0) throw new Error(made.stderr);
    }
  }
}

/** Both again with rows so long that they are scanned through a window of `SMALL`. */
export function makeLongSources(folder: string): void {
  const long = (count: number): string => rows(count).replaceAll(/(\d)\n/g, `$1,${FILL}\n`);
  writeFileSync(path.join(folder, 'original.long.csv'), `a,b,c${long(ROWS).slice(3)}`);
  writeFileSync(path.join(folder, 'other.long.csv'), `a,b,c${long(OTHER_ROWS).slice(3)}`);
}

const FILL = 'long '.repeat(60);
const SMALL = ['--memory-limit', '96MiB'];

/**
 * Spoils a source at a random moment of a query over it. The answer must be the one of the file as
 * it was before or after, or an error; anything else comes back as a sentence.
 */
export async function spoiled(
  folder: string,
  how: { format: string; io: string; spoil: string; random: () => number; usualMs: number },
): Promise<string | undefined> {
  const file = path.join(folder, `read.${how.format}`);
  copyFileSync(path.join(folder, `original.${how.format}`), file);
  const delayMs = how.random() * how.usualMs;
  const isLong = how.format.startsWith('long');
  const sql = `select count(*) as n, sum(a) as s from '${file}'${isLong ? " where c <> ''" : ''}`;
  const args = ['query', sql, '--io', how.io, ...(isLong ? SMALL : [])];
  const ending = await runWith(args, delayMs, () =>
    SPOILS[how.spoil]?.(file, path.join(folder, `other.${how.format}`)),
  );
  const told = `${how.format} --io ${how.io}, ${how.spoil} after ${delayMs.toFixed(0)} ms: `;
  if (ending.signal !== null) return `${told}ended by ${ending.signal}`;
  if (ending.code !== 0) {
    const isBug = ending.stderr.includes('this is a bug') || ending.stderr === '';
    return isBug ? `${told}${ending.code}: ${ending.stderr}` : undefined;
  }
  const answers = [ROWS, OTHER_ROWS].map((count) => `n,s\n${count},${sumTo(count)}\n`);
  const most = SHORTER[how.spoil] ?? 0;
  const isShort = isBeginning(ending.stdout, most);
  return answers.includes(ending.stdout) || isShort
    ? undefined
    : `${told}answered ${ending.stdout}`;
}

/**
 * Whether it is the answer of a text that was cut before it was opened, or was not all written yet:
 * its last row may be cut in the middle. What is cut while it is read has to be an error.
 */
function isBeginning(answer: string, most: number): boolean {
  const [, count = -1, sum = -1] = (/^n,s\n(\d+),(\d+)\n$/.exec(answer) ?? []).map(Number);
  return count < most && sum <= sumTo(count) && sum >= sumTo(count - 1);
}

const sumTo = (count: number): number => ((count - 1) * count) / 2;
