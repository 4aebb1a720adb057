/**
 * One run at a time: flock(2) on a file that stays. The kernel drops the lock when its holder
 * dies, however it dies, so it is never stale; a PID file would be.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { NairobiError } from '../../errors.ts';
import { temporariesBeside } from '../targets/layout.ts';
import { attempt, makeDirectory } from './durable.ts';

export interface Lock extends Disposable {
  readonly path: string;
}

/** Takes the lock or throws LOCKED (exit 75) after waiting `waitMs`. */
export function takeLock(path: string, waitMs = 0): Lock {
  makeDirectory(dirname(path));
  const fd = attempt('open', path, () => openSync(path, 'a+', 0o644));
  if (!flock(fd, waitMs)) {
    const holder = readFileSync(path, 'utf8').trim();
    closeSync(fd);
    throw new NairobiError('LOCKED', `Another run holds the lock ${path}`, {
      where: { file: path },
      hint: `${holder === '' ? 'its holder is unknown' : `it is ${holder}`}; --lock-wait 30s waits for it`,
    });
  }
  try {
    ftruncateSync(fd, 0);
    writeSync(fd, `process ${process.pid} since ${new Date().toISOString()}\n`, 0);
  } catch {
    // Who holds it is a courtesy; a full disk must not keep a run from making room.
  }
  let open = true;
  return {
    path,
    [Symbol.dispose]: () => {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

/**
 * flock(1) locks the open file that it inherits from us, and the lock stays with that open file
 * after it exits: 3 ms, where loading the foreign-function library would cost 20.
 */
function flock(fd: number, waitMs: number): boolean {
  const wait = waitMs > 0 ? ['-w', String(waitMs / 1000)] : ['-n'];
  const result = spawnSync('flock', ['-x', ...wait, '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  if (result.error !== undefined) {
    throw new NairobiError('HOST', `Cannot run flock: ${result.error.message}`, {
      cause: result.error,
      hint: 'install util-linux (Debian) or busybox, which carry flock',
    });
  }
  return result.status === 0;
}

/** A temporary file whose owner has not claimed it yet is younger than this. */
const UNCLAIMED_MS = 60_000;

/** Says that a temporary file belongs to a run that lives; it ends with the run. */
export function claim(path: string): Disposable {
  const fd = attempt('open', path, () => openSync(path, 'r'));
  // Without flock nobody can tell, and nobody removes it.
  tryFlock(fd);
  return { [Symbol.dispose]: () => closeSync(fd) };
}

/** Removes what runs that were killed left beside `path`, where no lock keeps other runs away. */
export function removeAbandoned(path: string): void {
  for (const temporary of temporariesBeside(path)) {
    const age =
      Date.now() - (statSync(temporary, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age < UNCLAIMED_MS) continue;
    const fd = openSync(temporary, 'r');
    try {
      if (tryFlock(fd)) rmSync(temporary, { force: true });
    } finally {
      closeSync(fd);
    }
  }
}

function tryFlock(fd: number): boolean {
  try {
    return flock(fd, 0);
  } catch {
    return false;
  }
}
