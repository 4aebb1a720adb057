/** ingest --exec: runs a command with the rows as a sealed file in memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { messageOf, NairobiError } from '../../errors.ts';
import { uniqueNames } from '../../formats/names.ts';
import type { ReadOptions } from '../../formats/options.ts';
import { close } from '../../kernel/calls.ts';
import { type Sealed, sealedFile } from '../../memory/sealed.ts';
import { unfinishedProcess } from '../../unfinished.ts';
import type { SourceArgument } from '../inputs/sources.ts';
import type { HostOptions } from '../options.ts';
import { query } from '../query.ts';
import type { Reporter } from '../run/report.ts';
import { Session } from '../session.ts';
import { sqlOf, type TransformWishes } from './transform.ts';

export interface HandOver {
  readonly source: SourceArgument;
  readonly read: ReadOptions;
  readonly transform: TransformWishes;
  readonly host: HostOptions;
  /** The command and its arguments. */
  readonly command: readonly string[];
}

export interface HandedOver {
  readonly rows: number;
  readonly bytes: number;
  /** What the command ended with; 128 and the signal's number when one ended it. */
  readonly exit: number;
}

/** The child's descriptor: the first behind stdin, stdout and stderr. */
const CHILD_FD = 3;

/**
 * The rows go as an uncompressed Arrow IPC file in a memfd sealed against every change, inherited
 * as descriptor 3: NAIROBI_DATA is a path the command can open, NAIROBI_DATA_FD the descriptor,
 * NAIROBI_DATA_FORMAT "arrow". Waits for the command, to which signals are passed on.
 */
export async function handOver(wishes: HandOver, reporter: Reporter): Promise<HandedOver> {
  const { rows, sealed } = await sealedRows(wishes, reporter);
  try {
    const exit = await runWith(wishes.command, sealed);
    await wishes.host.overseer?.giveWay();
    return { rows, bytes: sealed.byteLength, exit };
  } finally {
    close(sealed.fd);
  }
}

async function sealedRows(
  { source, read, transform, host }: HandOver,
  reporter: Reporter,
): Promise<{ rows: number; sealed: Sealed }> {
  using session = new Session({ host, read }, reporter);
  const input = { ...source, name: 'input' };
  const relation = session.open(input);
  const sql = deduped(sqlOf(transform, relation.columns), transform.dedupe);
  const { frame, columns } = await query(session, { sql, sources: [input], opened: relation });
  reporter.set({ rowsRead: frame.height });
  const named = frame.rechunk();
  named.columns = uniqueNames(columns.map(({ name }) => name));
  return { rows: frame.height, sealed: sealedFile('nairobi:rows', (path) => named.writeIPC(path)) };
}

function deduped(sql: string | undefined, keys: readonly string[]): string {
  const text = sql ?? 'select * from input';
  if (keys.length === 0) return text;
  const list = keys.map((key) => `"${key.replaceAll('"', '""')}"`).join(', ');
  return `select distinct on (${list}) * from (${text}) as rows`;
}

/** Signals that are meant for the command: whoever sends them knows only this program. */
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Sent by a terminal, these reach every process that works at it. */
const OF_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGHUP']);

async function runWith(
  [program = '', ...args]: readonly string[],
  { fd }: Sealed,
): Promise<number> {
  const isAtTerminal = [0, 1, 2].some((one) => isatty(one));
  const pass = (signal: NodeJS.Signals): void => {
    if (!isAtTerminal || !OF_TERMINAL.has(signal)) child.kill(signal);
  };
  // Before there is a command: from then on none is missed.
  for (const signal of SIGNALS) process.on(signal, pass);
  const child = spawn(program, args, {
    stdio: ['inherit', 'inherit', 'inherit', fd],
    env: {
      ...process.env,
      NAIROBI_DATA: `/proc/self/fd/${CHILD_FD}`,
      NAIROBI_DATA_FD: String(CHILD_FD),
      NAIROBI_DATA_FORMAT: 'arrow',
    },
  });
  using _ = child.pid === undefined ? undefined : unfinishedProcess(child.pid);
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch (error) {
    throw new NairobiError('USAGE', `Cannot run "${program}": ${messageOf(error)}`, {
      hint: 'what stands behind --exec is a program and its arguments',
      cause: error,
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, pass);
  }
}
