/**
 * One run at a time: flock(2) on a file that stays. The kernel drops the lock when its holder
 * dies, however it dies, so it is never stale; a PID file would be.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { NairobiError } from '../errors.ts';
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
  ftruncateSync(fd, 0);
  writeSync(fd, `process ${process.pid} since ${new Date().toISOString()}\n`, 0);
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
