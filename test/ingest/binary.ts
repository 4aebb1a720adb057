/** Runs the real program on real files, and reads back what it wrote with a second engine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';

/** The built program: test/build.ts has seen that it is that of the sources. */
const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
export const nairobiCommand: readonly string[] = [process.execPath, program];

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `nairobi ARGS` in `cwd`; `before` is put in front of the command, as strace is. */
export function nairobi(
  cwd: string,
  args: readonly string[],
  before: readonly string[] = [],
): Outcome {
  const [command = '', ...rest] = [...before, ...nairobiCommand, ...args];
  const { status, signal, stdout, stderr } = spawnSync(command, rest, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, POLARS_MAX_THREADS: '2' },
  });
  return { code: status, signal, stdout, stderr };
}

/** The same, running beside the test. */
export function start(cwd: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
}

export interface Workspace extends Disposable {
  readonly path: string;
}

export function workspace(name: string): Workspace {
  const path = mkdtempSync(join(tmpdir(), `nairobi-${name}-`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

let connection: ReturnType<typeof connect> | undefined;
const connect = async () => (await DuckDBInstance.create(':memory:')).connect();

/** Rows of a DuckDB query, every value as text. */
export async function duck(sql: string): Promise<string[][]> {
  connection ??= connect();
  const answer = await (await connection).runAndReadAll(sql);
  return answer.getRows().map((row) => row.map(String));
}

/** One column of a dataset, sorted; none where it has no parts yet. */
export async function column(root: string, name: string): Promise<string[]> {
  if (parts(root).length === 0) return [];
  const glob = join(root, '**', '*.parquet');
  const rows = await duck(
    `select ${name} from read_parquet('${glob}', hive_partitioning = true) order by 1`,
  );
  return rows.map(([value]) => value ?? '');
}

/** The parts that any reader sees. */
export function parts(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort();
}
