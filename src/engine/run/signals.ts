/**
 * SIGINT and SIGTERM, listened to only while something needs undoing (src/unfinished.ts): without
 * a listener a signal ends the process at once, even in the middle of a long native call.
 */
import { constants } from 'node:os';
import { handleOnce } from '../../kernel/signals.ts';

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
