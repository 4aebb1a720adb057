/** What the main thread and the overseer's thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Unfinished } from '../../unfinished.ts';

/** Which word of `wake` says that the thread is ending the process. */
export const ENDING = 1;

export interface OverseerTask {
  /** Two words: one changes when there is news or the run is over, ENDING is 1 in the end. */
  readonly wake: SharedArrayBuffer;
  readonly port: MessagePort;
  /**
   * Of this kernel. Asking for it would load koffi in the thread, and a process that ends while a
   * thread of it loads koffi ends by abort(3) (koffi throws into an environment that is gone).
   */
  readonly pageBytes: number;
}

/** Why the process is ended: what stderr gets, and the exit code. */
export interface End {
  readonly message: string;
  readonly exitCode: number;
}

/** Where missing pages of files are counted, how many there were before, and what more means. */
export interface LostPages {
  readonly count: bigint;
  readonly before: bigint;
  readonly end: End;
}

export type OverseerNews =
  | { readonly is: 'unfinished'; readonly what: Unfinished; readonly present: boolean }
  /** `at` in milliseconds of Date.now(). */
  | ({ readonly is: 'deadline'; readonly at: number } & End)
  /** Of the process's own memory. Pages of zeros for those that a file lost are some of it. */
  | ({ readonly is: 'memory'; readonly bytes: number; readonly lost?: LostPages } & End)
  | { readonly is: 'over' };
