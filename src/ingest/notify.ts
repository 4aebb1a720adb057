/** Tells systemd how we are: READY, WATCHDOG, STOPPING. See sd_notify(3). */
import { sendToUnix } from '../kernel/sockets.ts';

/** Sends a state; does nothing where nobody asked for it, and never fails the run. */
export function notify(state: string): void {
  const socket = process.env['NOTIFY_SOCKET'];
  if (socket === undefined || !/^[/@]/.test(socket)) return;
  try {
    sendToUnix(socket, state);
  } catch {
    // The supervisor is gone or deaf: rows still matter more than telling it.
  }
}

/** How often systemd wants to hear of us, half of its patience; undefined when it does not. */
export function watchdogMs(): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = process.env;
  if (WATCHDOG_USEC === undefined) return undefined;
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== process.pid) return undefined;
  const wait = Number(WATCHDOG_USEC) / 1000;
  return Number.isFinite(wait) && wait > 0 ? wait / 2 : undefined;
}
