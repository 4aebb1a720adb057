/**
 * Signal handlers of machine code: JavaScript cannot handle what its own thread, or a native call
 * on it, runs into.
 */
import { mmap, mprotect } from './calls.ts';
import { MAP, SIGNAL } from './constants.ts';
import { SIGACTION } from './signals.ts';
import { callLibc, lend, viewOf } from './syscall.ts';

/** The data area lies this far behind the code: a multiple of every page size in use. */
const DATA_AT = 0x10000;
const DATA_WORDS = 16;

/**
 * Maps the code for this processor and a data area behind it, lets `fill` prepare the data, and
 * makes the code the process's handler of `signal`, with these flags of sigaction(2) more. Answers
 * the data; undefined where there is no
 * code for the processor or the host forbids it.
 */
export function installHandler(
  signal: number,
  code: Readonly<Record<string, string>>,
  fill: (data: BigUint64Array) => void,
  moreFlags = 0,
): BigUint64Array | undefined {
  const hex = code[process.arch];
  if (hex === undefined) return undefined;
  const flags = MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS;
  const protection = MAP.PROT_READ | MAP.PROT_WRITE;
  const base = mmap(2 * DATA_AT, { protection, flags });
  if (base < 0) return undefined;
  const memory = viewOf(BigInt(base), 2 * DATA_AT);
  new Uint8Array(memory).set(Buffer.from(hex, 'hex'));
  // Writable or executable, never both; hosts that forbid even this run no JIT either.
  if (mprotect(BigInt(base), DATA_AT, MAP.PROT_READ | MAP.PROT_EXEC) < 0) return undefined;
  const data = new BigUint64Array(memory, DATA_AT, DATA_WORDS);
  fill(data);
  const action = new DataView(new ArrayBuffer(SIGACTION.size));
  action.setBigUint64(SIGACTION.handler, BigInt(base), true);
  const how = SIGNAL.SA_SIGINFO | SIGNAL.SA_NODEFER | SIGNAL.SA_ONSTACK | moreFlags;
  action.setInt32(SIGACTION.flags, how, true);
  const result = lend(action, (act) => callLibc('sigaction', signal, act, 0));
  return result === 0 ? data : undefined;
}
