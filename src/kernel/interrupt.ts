/**
 * What is to be written to stderr when a signal ends the process: JavaScript, busy in a native
 * call, would hear of it too late. A dozen instructions write it and send the signal again, to its
 * default action, so that whoever waits for the process sees what ended it.
 *
 * The bytes are those of asm/interrupt-x64.s and asm/interrupt-arm64.s; a test assembles and
 * compares.
 */
import { SIGNAL } from './constants.ts';
import { installHandler } from './handler.ts';
import { SIGACTION } from './signals.ts';
import { addressOf, callLibc, lend } from './syscall.ts';

export const INTERRUPT_CODE: Readonly<Record<string, string>> = {
  x64:
    '488d1df9ff00004189fcbf02000000488b7308488b5310b8010000000f05b8270000000f0589c74489e6b83e' +
    '0000000f05c3',
  arm64:
    '09000810eb0300aa400080d2210540f9220940f9080880d2010000d4881580d2010000d4e1030baa281080d2' +
    '010000d4c0035fd6',
};

const DATA = { text: 1, length: 2 } as const;

/** The text lies in the handler's own data area, which nothing frees: bytes from its start. */
const TEXT_AT = 1024;
const TEXT_BYTES_MAX = 1024;

/** Stands until disposed of; does nothing where JavaScript listens to the signal. */
export function sayWhenEnded(signal: 'SIGINT' | 'SIGTERM', text: string): Disposable {
  const number = SIGNAL[signal];
  const before = process.listenerCount(signal) === 0 ? actionOf(number) : undefined;
  if (before !== undefined) {
    installHandler(number, INTERRUPT_CODE, (data) => fill(data, text), SIGNAL.SA_RESETHAND);
  }
  const ours = handlerOf(actionOf(number));
  return {
    [Symbol.dispose](): void {
      // Not where Node began to listen meanwhile.
      if (before === undefined || handlerOf(actionOf(number)) !== ours) return;
      lend(before, (act) => callLibc('sigaction', number, act, 0));
    },
  };
}

function fill(data: BigUint64Array, text: string): void {
  const bytes = Buffer.from(text).subarray(0, TEXT_BYTES_MAX);
  const room = new Uint8Array(data.buffer, data.byteOffset + TEXT_AT, TEXT_BYTES_MAX);
  room.set(bytes);
  data[DATA.text] = addressOf(room);
  data[DATA.length] = BigInt(bytes.length);
}

/** The struct sigaction that holds now; undefined where nobody may ask. */
function actionOf(signal: number): DataView | undefined {
  const action = new DataView(new ArrayBuffer(SIGACTION.size));
  const result = lend(action, (out) => callLibc('sigaction', signal, 0, out));
  return result === 0 ? action : undefined;
}

const handlerOf = (action: DataView | undefined): bigint | undefined =>
  action?.getBigUint64(SIGACTION.handler, true);
