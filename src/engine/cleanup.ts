/**
 * What must be undone if the process is told to stop: half-written files, mostly. While nothing
 * is registered a signal kills the process at once, even in the middle of a long native call.
 */

import { constants } from 'node:os';
import { handleOnce } from '../kernel/signals.ts';

type Undo = () => void;

const pending = new Set<Undo>();
let listener: ((busy: boolean) => void) | undefined;

/** Runs `undo` on an interrupt; disposing the answer (the work is whole) forgets it. */
export function undoOnInterrupt(undo: Undo): Disposable {
  pending.add(undo);
  listener?.(true);
  return {
    [Symbol.dispose](): void {
      pending.delete(undo);
      if (pending.size === 0) listener?.(false);
    },
  };
}

/** Undoes everything still registered, newest first; one failure does not stop the others. */
export function undoAll(): void {
  for (const undo of [...pending].reverse()) {
    pending.delete(undo);
    try {
      undo();
    } catch {
      // The process is on its way out: there is nobody left to tell.
    }
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** `obey` gets the first SIGINT or SIGTERM from now on; a second one ends the process at once. */
export function listenToSignals(obey: (signal: NodeJS.Signals) => void): void {
  for (const signal of SIGNALS) {
    process.off(signal, obey).on(signal, obey);
    handleOnce(constants.signals[signal]);
  }
}

/** The default action again, when nobody else listens. */
export function leaveSignals(obey: (signal: NodeJS.Signals) => void): void {
  for (const signal of SIGNALS) process.off(signal, obey);
}

/** Tells `told` whenever there begins or ceases to be something to undo. */
export function onPendingChange(told: (busy: boolean) => void): void {
  listener = told;
}
