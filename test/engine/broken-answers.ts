/** What the engine says of a broken file, and whether it may. */
import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { query } from '../../src/engine/query.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { Session } from '../../src/engine/session.ts';
import { NairobiError } from '../../src/errors.ts';
import { encode } from '../../src/formats/encode.ts';
import { type Broken, ROWS } from './broken-files.ts';

const SQL = 'select count(*) as n, sum(i) as i, max(s) as s, sum(d) as d from data';
const WHOLE = `{"n":${ROWS},"i":${(ROWS * (ROWS - 1)) / 2},"s":"name 9","d":${(ROWS * (ROWS - 1)) / 16}}\n`;

export type Way = 'file' | 'pipe';

const host = {
  memoryLimit: undefined,
  threads: 2,
  cpus: undefined,
  io: 'auto',
  direct: 'auto',
} as const;

/** NDJSON, or the error. What else is thrown is a bug. */
export async function answered(path: string, sql = SQL): Promise<string | NairobiError> {
  try {
    using session = new Session({ host, read: {}, once: 'early' }, new Reporter());
    const { frame, columns } = await query(session, {
      sql,
      sources: [{ name: 'data', path }],
      timeZone: 'UTC',
    });
    const names = columns.map(({ name }) => name);
    return Buffer.concat([...encode(frame, 'ndjson', { names })]).toString();
  } catch (error) {
    if (error instanceof NairobiError) return error;
    throw error;
  }
}

/** The answer, with the file in `folder` or given through a pipe of its name. */
export async function ask(
  folder: string,
  { name, bytes }: Pick<Broken, 'name' | 'bytes'>,
  way: Way,
  sql = SQL,
): Promise<string | NairobiError> {
  const path = join(folder, name);
  if (way === 'file') {
    writeFileSync(path, bytes);
    try {
      return await answered(path, sql);
    } finally {
      rmSync(path);
    }
  }
  const content = join(folder, 'content');
  writeFileSync(content, bytes);
  const cat = spawn('sh', ['-c', 'mkfifo "$1" && cat "$0" > "$1"', content, path]);
  const ended = new Promise((resolve) => cat.once('close', resolve));
  try {
    while (!existsSync(path)) await new Promise((go) => setTimeout(go, 1));
    return await answered(path, sql);
  } finally {
    cat.kill();
    await ended;
    rmSync(path);
  }
}

/** What is wrong with an answer; undefined when it may be so. */
export function complaint(answer: string | NairobiError, broken: Broken): string | undefined {
  if (typeof answer !== 'string') {
    if (broken.isWhole === true) return `refused: ${answer.message}`;
    return wordsOf(answer);
  }
  if (broken.isWhole === true && answer !== WHOLE) return `another answer: ${answer}`;
  if (broken.isWhole === false) return `an answer: ${answer}`;
  return undefined;
}

/** Every refusal says what, where and what to do. */
export function wordsOf(error: NairobiError): string | undefined {
  if (error.exitCode !== 1) return `exit code ${error.exitCode}: ${error.message}`;
  if (error.where?.file === undefined && error.code !== 'BAD_SQL')
    return `no place: ${error.message}`;
  if (error.hint === undefined) return `no hint: ${error.message}`;
  if (/undefined|\[object|panicked|PanicException/.test(error.message)) return error.message;
  return undefined;
}
