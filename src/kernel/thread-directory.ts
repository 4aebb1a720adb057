/** A working directory for one thread: relative paths mean what they mean to who asks. */
import { CLONE_FS, SYS } from './constants.ts';
import { checked } from './errno.ts';
import { lend, syscall } from './syscall.ts';

/**
 * Gives the calling thread a working directory of its own (unshare(2), CLONE_FS needs no
 * privilege), which the other threads keep theirs of. The answer changes it; system calls and
 * process.cwd() of this thread go by it, those of libuv's pool do not.
 */
export function ownDirectory(): (directory: string) => void {
  checked(syscall(SYS.unshare, CLONE_FS), 'have a working directory for a thread');
  return (directory) => {
    // Each time: the same name may be a new directory by now.
    const name = Buffer.from(`${directory}\0`);
    const changed = lend(name, (at) => syscall(SYS.chdir, at));
    checked(changed, `go to ${directory}`, { file: directory });
    // Node's own remembers the directory of the main thread.
    process.cwd = () => directory;
  };
}
