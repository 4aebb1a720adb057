/**
 * Takes what another thread is about to send without sleeping. To be woken after a long sleep takes
 * 100 to 200 µs on the machines measured: who knows that a message comes announces it, and the
 * other is awake when it does (bench/serve/first-call.ts).
 */
import { availableParallelism } from 'node:os';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

/** What takes longer was announced too early. */
const LOOK_MS = 0.5;

/** So long after its last message a thread sleeps. */
export const ASLEEP_MS = 2;

/** Never on one CPU: there, looking is in the way of what is looked for. */
export const LOOKING_PAYS = availableParallelism() > 1;

/** The next message, or undefined when none came in time. */
export function lookAt(port: MessagePort): unknown {
  const end = performance.now() + LOOK_MS;
  do {
    const got = receiveMessageOnPort(port) as { readonly message: unknown } | undefined;
    if (got !== undefined) return got.message;
  } while (performance.now() < end);
  return undefined;
}
