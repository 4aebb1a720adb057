/** Failures of threads and of WebAssembly that are the process's limits (ulimit), not the data. */
import { readFileSync } from 'node:fs';
import { NairobiError } from '../errors.ts';

/** What this host lacks when `cause` came of a limit; undefined when it did not. */
export function shortOf(cause: unknown): NairobiError | undefined {
  if (!(cause instanceof Error)) return undefined;
  if (/Worker initialization failure: E[MN]FILE/.test(cause.message)) {
    return new NairobiError('HOST', 'Cannot start a thread: too many files are open', {
      hint: 'raise the limit on open files, for example with ulimit -n 1024',
      cause,
    });
  }
  // What Polars' reading threads need first and could not open stays broken.
  if (/previously been poisoned|Too many open files/.test(cause.message) && hasFewFiles()) {
    return new NairobiError('HOST', 'Polars cannot start its threads: too many files are open', {
      hint: 'raise the limit on open files, for example with ulimit -n 1024',
      cause,
    });
  }
  // A memory that cannot grow ends in the instruction of that name.
  const isWasm = /^unreachable$|WebAssembly.*(allocate|Out of memory)/.test(cause.message);
  if (!isWasm || !isLimited()) return undefined;
  return new NairobiError('MEMORY_LIMIT', 'There are too few addresses for WebAssembly', {
    hint: 'raise the limit on virtual memory (ulimit -v): it takes many more addresses than memory',
    cause,
  });
}

/** Fewer than a command may take. */
const FEW_FILES = 256;

function hasFewFiles(): boolean {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
    return soft !== undefined && Number(soft) < FEW_FILES;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EMFILE';
  }
}

function isLimited(): boolean {
  try {
    return !/^Max address space +unlimited/m.test(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return false;
  }
}
