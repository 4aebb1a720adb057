/**
 * Sources a client hands over as open files instead of naming them: memory, or a file the daemon
 * need not find. They are the client's own while it holds them, and nobody can name them again.
 */
import { NairobiError } from '../errors.ts';
import { duplicate, fcntl } from '../kernel/calls.ts';
import { FCNTL, OPEN } from '../kernel/constants.ts';
import { checked } from '../kernel/errno.ts';
import type { Fd } from '../kernel/syscall.ts';
import type { Params } from './params.ts';
import type { SourceWish } from './tasks.ts';
import { readWish, sourceWish } from './wishes.ts';

/** A source by its path, or by a descriptor of `fds`, which stays the caller's. */
export function openWish(params: Params, fds: readonly Fd[]): SourceWish {
  const index = params.count('fd');
  if (index === undefined) return sourceWish(params);
  const name = params.optionalText('name') ?? 'data';
  if (name === '' || name === '-' || /[/\0]/.test(name)) {
    throw new NairobiError('USAGE', `"${name}" is no name of a file`, {
      hint: 'such as "sensors.csv": messages and SQL call it so',
    });
  }
  const read = readWish(params);
  const fd = fds[index];
  if (fd === undefined) {
    throw new NairobiError('USAGE', `Open: there is no descriptor ${index} with the request`, {
      hint: 'over the socket, "fds" says how many come with the frame; on D-Bus it is OpenFile',
    });
  }
  // What the client itself could not read, the daemon must not read for it. Nothing is asked of
  // the file here: where its file system hangs, only the worker that reads it has to wait.
  const flags = checked(fcntl(fd, FCNTL.F_GETFL), 'look at a descriptor');
  if ((flags & OPEN.O_PATH) !== 0 || (flags & OPEN.O_ACCMODE) === OPEN.O_WRONLY) {
    throw new NairobiError('NOT_READABLE', 'The descriptor is not open for reading', {
      hint: 'open the file for reading before you send it',
    });
  }
  const kept = checked(duplicate(fd), 'keep a descriptor');
  return { path: name, cwd: '/', read, fd: kept };
}
