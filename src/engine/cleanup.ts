/**
 * What must be undone if the process is told to stop: half-written files, mostly. While nothing
 * is registered a signal kills the process at once, even in the middle of a long native call.
 */

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

/** Tells `told` whenever there begins or ceases to be something to undo. */
export function onPendingChange(told: (busy: boolean) => void): void {
  listener = told;
}
