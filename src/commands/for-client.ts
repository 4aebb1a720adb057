/**
 * Runs a command in a process of the daemon as it would run in its own, and collects what
 * it prints. One at a time: what a command takes for the process's is replaced.
 */
import { Writable } from 'node:stream';
import { COMMAND_ENVIRONMENT } from '../client/protocol.ts';
import { type Shelf, useShelf } from '../engine/inputs/shelf.ts';
import { NairobiError } from '../errors.ts';
import { writeElsewhere } from '../formats/write.ts';
import type { CommandRun } from '../serve/task-run.ts';
import type { CommandWish } from '../serve/tasks.ts';
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

/** The daemon's own variables say nothing of the client's terminal. */
function environment(theirs: CommandWish['env']): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(
    ([name]) => !(COMMAND_ENVIRONMENT as readonly string[]).includes(name),
  );
  return { ...Object.fromEntries(ours), ...theirs };
}

/**
 * True for what the words and the data alone decide. Anything else may come of where the daemon
 * runs: what it may read, the memory it has, the files it sees.
 */
const OF_WORDS = new Set(['BAD_DATA', 'BAD_SQL', 'UNKNOWN_COLUMN', 'USAGE', 'CHECK_FAILED']);

const isOfWords = (thrown: unknown): boolean =>
  thrown instanceof NairobiError
    ? OF_WORDS.has(thrown.code)
    : thrown instanceof Error && 'oclif' in thrown;

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
  let isOfPlace = false;
  process.exitCode = 0;
  useShelf(shelf);
  writeElsewhere((path, bytes) => files.push({ path, bytes }));
  try {
    await surrounded({ stdout, stderr, env: environment(env) }, async () => {
      command.id = id;
      await new command([...argv], bareConfig(program)).execute().catch((error: unknown) => {
        isOfPlace = !isOfWords(error);
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
  if (isOfPlace) return { instead: 'it fails here, and may not where the client is' };
  if (size > OUTPUT_BYTES_MAX) return { instead: 'it prints too much' };
  return {
    exit,
    stderr: Buffer.concat(stderr.pieces).toString('utf8'),
    stdout: stdout.bytes,
    files: files.map(({ path, bytes }) => ({ path, bytes: bytes.length })),
    tail: Buffer.concat([...files.map(({ bytes }) => bytes), ...stdout.pieces], size),
  };
}
