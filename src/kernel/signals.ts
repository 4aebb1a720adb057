/** What Node has no word for about signals: a handler that serves once. */
import { SIGNAL } from './constants.ts';
import { callLibc, lend } from './syscall.ts';

/** struct sigaction of glibc and musl on 64-bit: handler, 128 bytes of mask, flags, restorer. */
export const SIGACTION = { size: 152, handler: 0, flags: 136 } as const;

/**
 * After the first signal of this number its default action holds again, so that a second one ends a
 * process whose JavaScript does not get its turn: it may sit in a read that nobody answers. To be
 * called whenever Node has begun to listen.
 */
export function handleOnce(signal: number): void {
  const action = new DataView(new ArrayBuffer(SIGACTION.size));
  if (lend(action, (out) => callLibc('sigaction', signal, 0, out)) !== 0) return;
  const flags = action.getUint32(SIGACTION.flags, true);
  action.setUint32(SIGACTION.flags, (flags | SIGNAL.SA_RESETHAND) >>> 0, true);
  lend(action, (act) => callLibc('sigaction', signal, act, 0));
}
