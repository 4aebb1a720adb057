/**
 * A process that computes for the daemon: what it does there can be ended, and nobody else's rows
 * or answers go with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NairobiError } from '../errors.ts';
import { OwnMemory } from '../host/own-memory.ts';
import { close } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import { socketPair } from '../kernel/unix-socket.ts';
import { threadEntry } from '../thread-entry.ts';
import { Link, LOOKING_PAYS } from './link.ts';
import { packHeld, packOpening } from './parcels.ts';
import {
  type FromWorker,
  frameKey,
  type Held,
  type Task,
  type ToWorker,
  type WorkerSetup,
} from './tasks.ts';

/** Two descriptors each, and 64 go with a message. */
const GIFTS_MAX = 30;

/** What systemd told the daemon is not for those it starts. */
const OF_THE_DAEMON = new Set(['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'LISTEN_FDS']);

/** A process the kernel cannot end, since a file server is gone, is not waited for. */
const END_MS_MAX = 2_000;

export interface WorkerHooks {
  heard(message: FromWorker, fds: readonly Fd[]): void;
  /** Its answer is about to come. */
  rung(): void;
  /** It is gone, or as good as gone: why. */
  ended(reason: NairobiError): void;
}

export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #link: Link;
  /** Undefined for one that did not start, whose error comes by itself. */
  readonly #memory: OwnMemory | undefined;
  readonly #hooks: WorkerHooks;
  /** Datasets it has a descriptor of: see frameKey. */
  readonly #given = new Set<string>();
  /** Of these, whose rows Polars holds there. */
  readonly frames = new Set<string>();
  #reason: NairobiError | undefined;
  #isGone = false;

  constructor(setup: WorkerSetup, hooks: WorkerHooks) {
    this.#hooks = hooks;
    const { child, memory, link } = startProcess();
    this.#child = child;
    this.#memory = memory;
    this.#child.once('error', (cause) => this.#gone(cannotStart(cause)));
    this.#child.once('exit', (code, signal) => this.#gone(this.#reason ?? died(signal ?? code)));
    this.#link = new Link(link, {
      heard: (message, fds) => hooks.heard(message as FromWorker, fds),
      rung: () => hooks.rung(),
      // That it exits is told by itself; one that only hangs up does not.
      ended: () => this.#child.kill('SIGKILL'),
    });
    this.#tell({ setup });
  }

  /** Bytes of memory that are its own: neither files nor rows both sides map. */
  get ownBytes(): number {
    return this.#memory?.bytes ?? 0;
  }

  /** It was told to end: nothing new can be asked of it. */
  get isEnding(): boolean {
    return this.#isGone || this.#reason !== undefined;
  }

  /** True when it has a descriptor of these rows. */
  knows(held: Held): boolean {
    return this.#given.has(frameKey(held));
  }

  /** What it sends first is looked for, where that pays. */
  wake(): void {
    this.#link.ring();
  }

  /** Takes what it is about to say without sleeping. */
  look(): void {
    if (LOOKING_PAYS) this.#link.look();
  }

  start(task: Task): void {
    const missing = task.held.filter((held) => !this.knows(held));
    for (let at = 0; at < missing.length; at += GIFTS_MAX) {
      const fds: Fd[] = [];
      const give = missing.slice(at, at + GIFTS_MAX).map((held) => packHeld(held, fds));
      this.#tell({ give }, fds);
    }
    for (const held of missing) this.#given.add(frameKey(held));
    const fds: Fd[] = [];
    const open = task.open && packOpening(task.open, fds);
    const held = task.held.map(frameKey);
    this.#tell({ task: { ...task, held, ...(open && { open }) } }, fds);
  }

  /** It read these rows itself. */
  opened(held: Pick<Held, 'id' | 'version'>): void {
    this.#given.add(frameKey(held));
    this.frames.add(frameKey(held));
  }

  /** It needs them no more. */
  drop(held: Held): void {
    const key = frameKey(held);
    this.frames.delete(key);
    if (this.#given.delete(key)) this.#tell({ drop: key });
  }

  /** Ends it, whatever it does. What it was asked fails for this reason. */
  end(reason: NairobiError): void {
    if (this.isEnding) return;
    this.#reason = reason;
    this.#child.kill('SIGKILL');
    setTimeout(() => this.#gone(reason), END_MS_MAX).unref();
  }

  #tell(message: ToWorker, fds: readonly Fd[] = []): void {
    this.#link.send(message, fds);
  }

  #gone(reason: NairobiError): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#link.close();
    this.#memory?.close();
    this.#hooks.ended(reason);
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly memory: OwnMemory | undefined;
  readonly link: Fd;
}

/** The child's descriptor 3 is its end of the link. */
function startProcess(): Started {
  const entry = fileURLToPath(threadEntry('serve', '../commands/serve-worker.ts', import.meta.url));
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !OF_THE_DAEMON.has(name)),
  );
  const [link, theirs] = socketPair();
  let child: ChildProcess | undefined;
  try {
    child = spawn(process.execPath, [...process.execArgv, entry, String(process.pid)], {
      stdio: ['ignore', 'ignore', 'inherit', theirs],
      env,
    });
    const { pid } = child;
    return { child, memory: pid === undefined ? undefined : new OwnMemory(pid), link };
  } catch (error) {
    close(link);
    child?.kill('SIGKILL');
    throw error;
  } finally {
    close(theirs);
  }
}

const cannotStart = (cause: Error): NairobiError =>
  new NairobiError('HOST', `The daemon cannot start a process: ${cause.message}`, { cause });

function died(how: string | number | null): NairobiError {
  if (how === 'SIGKILL') {
    return new NairobiError('MEMORY_LIMIT', 'The host ran out of memory in this request', {
      hint: 'ask for fewer rows, groups or columns, or pass a smaller --memory-limit to the daemon',
    });
  }
  return new NairobiError('IO', `The request ended the process it ran in (${how})`, {
    hint: 'a source may be damaged, or memory ran out; the log of the daemon may say more',
  });
}
