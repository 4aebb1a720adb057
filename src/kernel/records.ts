/**
 * Checks that every record of delimited text is plain, where it lies mapped, at the speed of
 * memory, and looks in some columns for values that a parser would misread, and copies some columns
 * out: some 500 instructions of machine code on a thread of libuv's pool. The WebAssembly kernels
 * of formats/csv are the fallback for the first two and the second opinion in the tests.
 */
import { Check, type Pick, type Picked, POINT, type RecordRules } from './records-check.ts';
import { checkCode } from './records-code.ts';
import type { Fd, NativeCode } from './syscall.ts';

export type { Check as WindowCheck, Pick, Picked, RecordRules, Window } from './records-check.ts';

/** A phase and 64 more have to fit 16 bits, and the patterns a core's cache. */
const FIELDS_MAX = 4096;

const NINE = 57;

export interface RecordCheck {
  /** True when every record is plain; false also when it was told to stop. */
  readonly plain: Promise<boolean>;
  /** The bits of LOOKED_FOR that were found in each column, when all are plain. */
  readonly found: Promise<Uint8Array>;
  /** It ends within milliseconds; nothing waits for it. */
  stop(): void;
}

/**
 * Starts to check the file, and to look in its columns for what `watched` says of each: bits of
 * LOOKED_FOR. What is found may be a false alarm, what is not found is not there. undefined where
 * there is no code for the processor, or the records are too wide for it. A fault guard (sigbus.ts)
 * has to stand until the answer is there.
 */
export function checkRecords(
  fd: Fd,
  size: number,
  rules: RecordRules,
  watched: Uint8Array = new Uint8Array(rules.fields),
): RecordCheck | undefined {
  const code = codeFor(rules, size);
  if (code === undefined) return undefined;
  const check = new Check(code, fd, size, rules, watched);
  const done = check.run();
  return {
    plain: done.then(({ answer }) => answer === 'plain'),
    found: done.then(({ found }) => found),
    stop: () => check.stop(),
  };
}

/** The same, and copies columns out meanwhile. */
export function pickColumns(
  fd: Fd,
  size: number,
  rules: RecordRules,
  watched: Uint8Array,
  pick: Pick,
): Promise<Picked> | undefined {
  const code = codeFor(rules, size);
  if (code === undefined) return undefined;
  const check = new Check(code, fd, size, rules, watched);
  check.pick(pick);
  return check.run();
}

/** The same part by part; undefined where there is no code. It has to be closed. */
export function pickWindows(
  fd: Fd,
  size: number,
  rules: RecordRules,
  watched: Uint8Array,
  pick: Pick,
): Check | undefined {
  const code = codeFor(rules, size);
  if (code === undefined) return undefined;
  const check = new Check(code, fd, size, rules, watched);
  check.pick(pick);
  return check;
}

function codeFor({ fields, byte, delimiter }: RecordRules, size: number): NativeCode | undefined {
  if (fields > FIELDS_MAX || byte >= size) return undefined;
  // Such a delimiter would pass for a part of a number.
  return delimiter >= POINT && delimiter <= NINE ? undefined : checkCode();
}
