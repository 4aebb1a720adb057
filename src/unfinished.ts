/**
 * What has to go, or be undone, when the program ends before its work is whole: half-written
 * files, mostly. One list, for every way the program can end: an error, a signal, a thread that
 * ends it from beside (engine/overseer.ts).
 */
import { rmSync } from 'node:fs';

type Undo = () => void;
/** A file or folder that has to go, or a process that has to end. */
export type Unfinished = { readonly path: string } | { readonly pid: number };
type Listener = (what: Unfinished, present: boolean) => void;

interface Entry {
  readonly what?: Unfinished;
  readonly undo: Undo;
  /** No reason to listen to signals. */
  readonly isSlight?: boolean;
}

/** In the order they began. */
const pending = new Map<object, Entry>();
let told: Listener | undefined;
let onBusy: ((busy: boolean) => void) | undefined;
let isWatching = false;

/** A file or folder that is being made: dispose of it once it is whole, or gone. */
export function unfinished(path: string): Disposable {
  return tellOf({ path }, { undo: () => rmSync(path, { recursive: true, force: true }) });
}

/** A child that is to end when this program does, however it ends; its signals are its own. */
export function unfinishedProcess(pid: number): Disposable {
  return tellOf({ pid }, { undo: () => process.kill(pid, 'SIGTERM'), isSlight: true });
}

function tellOf(what: Unfinished, how: Omit<Entry, 'what'>): Disposable {
  told?.(what, true);
  const entry = add({ ...how, what });
  return {
    [Symbol.dispose](): void {
      if (remove(entry)) told?.(what, false);
    },
  };
}

/** Runs `undo` when the program ends before this is disposed of; not where a thread ends it. */
export function undoOnInterrupt(undo: Undo): Disposable {
  const entry = add({ undo });
  return {
    [Symbol.dispose](): void {
      remove(entry);
    },
  };
}

/** As undoOnInterrupt where something else has to be undone too; no signal is handled for it. */
export function undoAlongside(undo: Undo): Disposable {
  const entry = add({ undo, isSlight: true });
  return {
    [Symbol.dispose](): void {
      remove(entry);
    },
  };
}

/** Undoes everything still registered, newest first; one failure does not stop the others. */
export function undoAll(): void {
  for (const [entry, { undo }] of [...pending].reverse()) {
    remove(entry);
    try {
      undo();
    } catch {
      // The process is on its way out: there is nobody left to tell.
    }
  }
}

/** Tells `listener` of the paths there are and of every one that comes or goes. */
export function onUnfinished(listener: Listener): void {
  told = listener;
  for (const { what } of pending.values()) if (what !== undefined) listener(what, true);
}

/** Tells `listener` whenever there begins or ceases to be something to undo. */
export function onPendingChange(listener: (busy: boolean) => void): void {
  onBusy = listener;
}

function add(what: Entry): object {
  if (!isWatching) process.on('exit', undoAll);
  isWatching = true;
  const entry = {};
  const before = isBusy();
  pending.set(entry, what);
  if (!before && isBusy()) onBusy?.(true);
  return entry;
}

function remove(entry: object): boolean {
  const before = isBusy();
  const was = pending.delete(entry);
  if (before && !isBusy()) onBusy?.(false);
  return was;
}

const isBusy = (): boolean => [...pending.values()].some(({ isSlight }) => isSlight !== true);
