/**
 * The one error of the program. An expected failure is a NairobiError with a code from a closed
 * list; anything else that is thrown is a bug and is reported as one.
 */

/** Every code, with the exit status the command line ends with. See docs/ARCHITECTURE.md. */
const EXIT_BY_CODE = {
  // 1: failed
  BAD_DATA: 1,
  BAD_SQL: 1,
  NOT_SUPPORTED: 1,
  NOT_FOUND: 1,
  NOT_READABLE: 1,
  UNKNOWN_COLUMN: 1,
  IO: 1,
  CHECK_FAILED: 1,
  // 2: wrong usage
  USAGE: 2,
  // 3: this host cannot do it
  HOST: 3,
  // 4: does not fit the memory limit
  MEMORY_LIMIT: 4,
  // 5: done in part, as --on-error allowed
  PARTIAL: 5,
  // 75: EX_TEMPFAIL of sysexits.h
  LOCKED: 75,
  // 124: as timeout(1)
  TIMEOUT: 124,
  // 128 + signal
  INTERRUPTED: 130,
  TERMINATED: 143,
} as const;

export type ErrorCode = keyof typeof EXIT_BY_CODE;

/** A place in the input. Lines and columns count from 1, bytes from 0. */
export interface Where {
  readonly file?: string;
  readonly line?: number;
  readonly column?: string | number;
  readonly byte?: number;
}

export interface ErrorDetails {
  /** What to do about it: a sentence or a command. */
  readonly hint?: string;
  readonly where?: Where;
  readonly cause?: unknown;
}

export interface ErrorJson {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly where?: Where;
}

export class NairobiError extends Error {
  override readonly name = 'NairobiError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly where: Where | undefined;

  /** `message` says what failed and on what, in one sentence without a full stop. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.where = details.where;
  }

  get exitCode(): number {
    return EXIT_BY_CODE[this.code];
  }

  toJSON(): ErrorJson {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.where === undefined ? {} : { where: this.where }),
    };
  }
}

/** States what the program itself guarantees; a false condition is a bug, never bad input. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new AssertionFailure(what);
}

export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** V8's own: a text or a tree that calls inside calls go too deep into. */
export function isStackOverflow(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message === 'Maximum call stack size exceeded';
}

/** "file:line:column", as compilers print it; empty when nothing is known. */
export function formatWhere(where: Where | undefined): string {
  if (where === undefined) return '';
  const place = [where.file, where.line, where.column].filter((part) => part !== undefined);
  const byte = where.byte === undefined ? '' : ` (byte ${where.byte})`;
  return place.join(':') + byte;
}
