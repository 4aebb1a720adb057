/**
 * Runs a command in a thread of the daemon as it would run in its own process, and collects what
 * it prints. One at a time in a thread: what a command takes for the process's is replaced.
 */
import { Writable } from 'node:stream';
import { type Shelf, useShelf } from '../engine/inputs/shelf.ts';
import { Unfit } from '../engine/inputs/unfit.ts';
import { writeElsewhere } from '../formats/write.ts';
import type { CommandWish } from '../serve/tasks.ts';
import type { CommandRun } from '../serve/worker.ts';
import { reportFailure } from './failure.ts';
import Plot from './plot.ts';
import { bareConfig, type CommandClass, type Program } from './program.ts';
import Query from './query.ts';
import Stats from './stats.ts';

const COMMANDS: Readonly<Record<CommandWish['command'], CommandClass>> = {
  query: Query,
  stats: Stats,
  plot: Plot,
};

/** What a command may print here; one that prints more runs in its own process, piece by piece. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/** A stream that keeps what is written, and looks like the client's. */
class Captured extends Writable {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  readonly pieces: Buffer[] = [];
  bytes = 0;

  constructor(terminal: CommandWish['terminal']) {
    super();
    this.isTTY = terminal.columns !== undefined;
    this.columns = terminal.columns;
    this.rows = terminal.rows;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes += chunk.length;
    if (this.bytes <= OUTPUT_BYTES_MAX) this.pieces.push(chunk);
    done();
  }
}

/** Lets `run` see these instead of the process's own. */
async function surrounded(
  { stdout, stderr, env }: { stdout: Captured; stderr: Captured; env: NodeJS.ProcessEnv },
  run: () => Promise<void>,
): Promise<void> {
  const names = ['stdout', 'stderr', 'env'] as const;
  const own = names.map((name) => Object.getOwnPropertyDescriptor(process, name));
  const theirs = { stdout, stderr, env };
  for (const name of names) {
    Object.defineProperty(process, name, { value: theirs[name], configurable: true });
  }
  try {
    await run();
  } finally {
    for (const [i, name] of names.entries()) {
      const descriptor = own[i];
      if (descriptor !== undefined) Object.defineProperty(process, name, descriptor);
    }
  }
}

/** `shelf`: where sources in memory are found. */
export async function runForClient(
  program: Program,
  { command: id, argv, env, terminal }: CommandWish,
  shelf: Shelf,
): Promise<CommandRun> {
  const [stdout, stderr] = [new Captured(terminal), new Captured({})];
  const files: { path: string; bytes: Uint8Array }[] = [];
  const command = COMMANDS[id];
  const end = argv.indexOf('--');
  const json = (end === -1 ? argv : argv.slice(0, end)).includes('--json');
  let isUnfit = false;
  process.exitCode = 0;
  useShelf(shelf);
  writeElsewhere((path, bytes) => files.push({ path, bytes }));
  try {
    await surrounded({ stdout, stderr, env: { ...process.env, ...env } }, async () => {
      command.id = id;
      await new command([...argv], bareConfig(program)).execute().catch((error: unknown) => {
        isUnfit = error instanceof Unfit;
        reportFailure(error, { json, id });
      });
      // Writes are taken one by one, each in a turn of its own.
      await new Promise((resolve) => stdout.end(resolve));
      await new Promise((resolve) => stderr.end(resolve));
    });
  } finally {
    useShelf(undefined);
    writeElsewhere(undefined);
  }
  const exit = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  const size = stdout.bytes + files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (isUnfit) return { instead: 'it may have to wait for what it reads' };
  if (size > OUTPUT_BYTES_MAX) return { instead: 'it prints too much' };
  return {
    exit,
    stderr: Buffer.concat(stderr.pieces).toString('utf8'),
    stdout: stdout.bytes,
    files: files.map(({ path, bytes }) => ({ path, bytes: bytes.length })),
    tail: joined([...files.map(({ bytes }) => bytes), ...stdout.pieces], size),
  };
}

/** Never a part of Node's pool of small buffers, which cannot be handed to another thread. */
function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
