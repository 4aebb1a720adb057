/**
 * What a thread may read, where it works for others: files below certain directories. The kernel
 * itself keeps names from leading out of them, by "..", by links or by a race (openat2(2),
 * RESOLVE_BENEATH, 5.6); what has passed is then read through its descriptor.
 */
import { existsSync, fstatSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { messageOf, NairobiError } from '../../errors.ts';
import { close, openBelow, openDirectory } from '../../kernel/calls.ts';
import { OPEN, RESOLVE } from '../../kernel/constants.ts';
import { checked, ERRNO, KernelError } from '../../kernel/errno.ts';
import type { Fd } from '../../kernel/syscall.ts';
import type { InputFile } from './files.ts';
import { Unfit } from './unfit.ts';

export interface Admitted extends Disposable {
  /** Each with its place; they can be read until this is disposed of. */
  readonly files: readonly InputFile[];
}

interface Root {
  readonly path: string;
  readonly fd: Fd;
}

const BENEATH = RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_MAGICLINKS;

export class Gate implements Disposable {
  readonly #roots: readonly Root[];

  /** USAGE for a directory that cannot be opened; HOST where the kernel lacks openat2. */
  constructor(directories: readonly string[]) {
    this.#roots = directories.map((directory) => {
      const real = realDirectory(directory);
      const fd = checked(openDirectory(real), `open ${real}`, { file: real }) as Fd;
      return { path: real, fd };
    });
  }

  /** Throws when what `argument` names lies outside: nothing is looked at then. */
  enter(argument: string): void {
    const named = path.resolve(argument);
    // A name that is there as it stands is no pattern.
    const isPattern = /[*?[{]/.test(named) && !existsSync(named);
    const fixed = isPattern ? path.dirname(`${named.slice(0, named.search(/[*?[{]/))}.`) : named;
    const found = this.#open(fixed, OPEN.O_PATH);
    if (found >= 0) close(found as Fd);
    else if (found !== -ERRNO.ENOENT && found !== -ERRNO.ENOTDIR) throw denied(argument, found);
  }

  admit(files: readonly InputFile[]): Admitted {
    const fds: Fd[] = [];
    const dispose = (): void => {
      for (const fd of fds.splice(0)) close(fd);
    };
    try {
      const admitted = files.map((file) => {
        const fd = this.#open(path.resolve(file.path), OPEN.O_NONBLOCK);
        if (fd < 0) throw denied(file.path, fd);
        fds.push(fd as Fd);
        if (!fstatSync(fd).isFile()) throw new Unfit(file.path);
        refuseLog(file.path);
        return { ...file, place: `/proc/self/fd/${fd}` };
      });
      return { files: admitted, [Symbol.dispose]: dispose };
    } catch (error) {
      dispose();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#roots) close(fd);
  }

  #open(named: string, flags: number): number {
    let answer = -ERRNO.EACCES as number;
    for (const { path: root, fd } of this.#roots) {
      if (named !== root && !named.startsWith(root === '/' ? root : `${root}/`)) continue;
      answer = openBelow(fd, path.relative(root, named) || '.', BENEATH, flags);
      if (answer >= 0) return answer;
    }
    return answer;
  }
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (cause) {
    throw new NairobiError('USAGE', `Cannot allow "${directory}": ${messageOf(cause)}`, { cause });
  }
}

function denied(named: string, answer: number): NairobiError {
  const outside: readonly number[] = [-ERRNO.EACCES, -ERRNO.EXDEV, -ERRNO.ELOOP];
  if (!outside.includes(answer)) return new KernelError(-answer, `open ${named}`, { file: named });
  return new NairobiError('NOT_READABLE', `The daemon may not read "${named}"`, {
    where: { file: named },
    hint: 'it reads below the directories of its --allow-path only',
  });
}

/** SQLite finds the log by its name, which nobody watches over. */
function refuseLog(named: string): void {
  if (!existsSync(`${named}-wal`)) return;
  throw new NairobiError('NOT_SUPPORTED', `"${named}" has a write-ahead log beside it`, {
    where: { file: named },
    hint: 'a daemon with --allow-path reads no database that is in use',
  });
}

let ofThread: Gate | undefined;

/** From now on whatever this thread reads for others passes `gate`. */
export function useGate(gate: Gate): void {
  ofThread = gate;
}

export const gateOfThread = (): Gate | undefined => ofThread;
