/** Asks files and pipes that pass through segments of any size. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll } from 'vitest';
import { collect } from '../../src/compute/polars.ts';
import type { HostOptions } from '../../src/engine/options.ts';
import { query } from '../../src/engine/query.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import type { StreamSizes } from '../../src/engine/segments/content.ts';
import { Session } from '../../src/engine/session.ts';
import { NairobiError } from '../../src/errors.ts';
import type { ReadOptions } from '../../src/formats/options.ts';

export const HOST: HostOptions = {
  memoryLimit: undefined,
  threads: undefined,
  cpus: undefined,
  io: 'auto',
  direct: 'auto',
};

/** Polars makes a plan of each segment, 1 to 8 ms: the shortest ones are for test:full. */
const full = process.env['NAIROBI_TEST_FULL'] === '1';

/** Everything passes through segments of some records, and is still there at the end. */
export const KEPT: StreamSizes = {
  headBytes: 256,
  regionBytes: 2 ** 20,
  segmentBytes: full ? 64 : 192,
};
/** What was read first is written over. */
export const REUSED: StreamSizes = {
  headBytes: 256,
  regionBytes: 2048,
  segmentBytes: full ? 128 : 256,
};
export const WHOLE: StreamSizes = {
  headBytes: 2 ** 20,
  regionBytes: 2 ** 20,
  segmentBytes: 2 ** 18,
};

let root: string;
let files = 0;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-segments-'));
});
afterAll(() => rmSync(root, { recursive: true }));

interface Answer {
  readonly rows?: string;
  readonly types?: readonly string[];
  readonly notes?: readonly string[];
  readonly error?: NairobiError;
}

export async function ask(
  sql: string,
  file: string,
  streamSizes: StreamSizes,
  read: ReadOptions = {},
  host = HOST,
): Promise<Answer> {
  const reporter = new Reporter();
  using session = new Session({ host, read, once: 'early', streamSizes }, reporter);
  try {
    const { frame, columns } = await query(session, {
      sql,
      sources: [{ name: 't', path: file }],
    });
    const types = columns.map(({ type }) => type);
    return { rows: frame.writeCSV().toString('utf8'), types, notes: reporter.finish().notes };
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    return { error };
  }
}

export function plain(text: string | Buffer, name = 'csv'): string {
  files += 1;
  const file = path.join(root, `${files}.${name}`);
  writeFileSync(file, text);
  return file;
}

export function gzipped(text: string | Buffer, name = 'csv'): string {
  files += 1;
  const file = path.join(root, `${files}.${name}.gz`);
  writeFileSync(file, gzipSync(text, { level: 1 }));
  return file;
}

/** A FIFO that another process writes to; `written` once it has. */
export function pipeOf(content: string | Buffer): { fifo: string; written: Promise<unknown> } {
  files += 1;
  const [data, fifo] = [path.join(root, `${files}.data`), path.join(root, `${files}.fifo`)];
  writeFileSync(data, content);
  execFileSync('mkfifo', [fifo]);
  const writer = spawn('sh', ['-c', `exec cat "${data}" > "${fifo}"`], { stdio: 'ignore' });
  return { fifo, written: new Promise((resolve) => writer.once('exit', resolve)) };
}

export async function askPipe(
  sql: string,
  content: string | Buffer,
  sizes: StreamSizes,
  read: ReadOptions = {},
): Promise<Answer> {
  const { fifo, written } = pipeOf(content);
  const answer = await ask(sql, fifo, sizes, read);
  await written;
  return answer;
}

/** The rows of a pipe, counted in two passes. */
export async function countTwice(
  content: string | Buffer,
  streamSizes: StreamSizes,
): Promise<number[]> {
  const { fifo, written } = pipeOf(content);
  using session = new Session({ host: HOST, read: {}, streamSizes }, new Reporter());
  const relation = session.open({ path: fifo });
  const counts: number[] = [];
  for (let pass = 0; pass < 2; pass += 1) {
    let rows = 0;
    for await (const segment of relation.segments(['id'])) rows += collect(segment).height;
    counts.push(rows);
  }
  await written;
  return counts;
}
