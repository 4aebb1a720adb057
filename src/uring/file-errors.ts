/** What can be wrong with a file while it is read, in words. */
import { NairobiError } from '../errors.ts';
import { formatBytes } from '../units.ts';
import type { InputFile } from './input-file.ts';

/** It ended at byte `at`, before the size it had when it was opened. */
export function shrunkError(file: InputFile, at: number): NairobiError {
  return new NairobiError(
    'IO',
    `${file.path} became shorter while it was read: ${formatBytes(file.size)} when opened, now it ends at byte ${at}`,
    {
      where: { file: file.path, byte: at },
      hint: 'read it again when nothing writes to it, or read a copy',
    },
  );
}

/**
 * True after a wait that a signal broke off when somebody in this process listens: an INTERRUPTED
 * gives the listener its turn. Else the default action would have ended the process.
 */
export const isToldToStop = (): boolean => process.listenerCount('SIGINT') > 0;

export const interruption = (path: string): NairobiError =>
  new NairobiError('INTERRUPTED', `Reading ${path} was interrupted`);
