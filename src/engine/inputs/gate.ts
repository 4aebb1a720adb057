/**
 * What a thread may read, where it works for others: files below certain directories. The kernel
 * itself keeps names from leading out of them, by "..", by links or by a race (openat2(2),
 * RESOLVE_BENEATH, 5.6); what has passed is then read through its descriptor. Of what lies outside
 * not even the existence is told: whatever is looked at is looked at through here.
 */
import { fstatSync, globSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import path from 'node:path';
import { messageOf, NairobiError } from '../../errors.ts';
import { close, openBelow, openDirectory } from '../../kernel/calls.ts';
import { OPEN, OPEN_ARCH, RESOLVE } from '../../kernel/constants.ts';
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

const META = /[*?[{]/;
/** Patterns that could lead upwards, or that mean places of different depths. */
const AWAY = /[*?[{].*\.\.|\{[^}]*\//s;

/** What there is nothing at; a name too long names nothing. */
const NOTHING: ReadonlySet<number> = new Set([-ERRNO.ENOENT, -ERRNO.ENOTDIR, -ERRNO.ENAMETOOLONG]);

const BENEATH = RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_MAGICLINKS;

export class Gate implements Disposable {
  readonly #roots: readonly Root[];

  /** USAGE for a directory that cannot be opened; HOST where the kernel lacks openat2. */
  constructor(directories: readonly string[]) {
    this.#roots = directories.map((directory) => {
      const real = realDirectory(directory);
      const fd = checked(openDirectory(real), `open ${real}`, { file: real }) as Fd;
      requireOpenat2(fd);
      return { path: real, fd };
    });
  }

  /** Throws when what `argument` names lies outside: nothing is looked at then. */
  enter(argument: string): void {
    const named = path.resolve(argument);
    if (this.look(named) !== undefined || !META.test(argument)) return;
    // What is not there as it stands is a pattern, and "{a,../b}" one of two places.
    if (AWAY.test(argument)) throw denied(argument, -ERRNO.EACCES);
    const first = named.search(META);
    this.look(path.dirname(`${named.slice(0, first)}.`));
    // Each directory on its way, whether anything is found behind it or not.
    for (let at = named.indexOf('/', first); at !== -1; at = named.indexOf('/', at + 1)) {
      for (const directory of globSync(named.slice(0, at))) this.look(directory);
    }
  }

  /** What is there; undefined where nothing is. Throws where the name leads outside. */
  look(named: string): Stats | undefined {
    return this.see(named, (fd) => fstatSync(fd));
  }

  /** What `of` makes of what is there, which cannot be read; undefined where nothing is. */
  see<T>(named: string, of: (fd: Fd) => T): T | undefined {
    const fd = this.#open(path.resolve(named), OPEN.O_PATH);
    if (fd < 0) {
      if (NOTHING.has(fd)) return undefined;
      throw denied(named, fd);
    }
    try {
      return of(fd as Fd);
    } finally {
      close(fd as Fd);
    }
  }

  /** The names in a directory; throws what makes that impossible. */
  list(folder: string): readonly string[] {
    const fd = this.#open(path.resolve(folder), OPEN_ARCH.O_DIRECTORY);
    if (fd < 0) throw denied(folder, fd);
    try {
      return readdirSync(`/proc/self/fd/${fd}`);
    } finally {
      close(fd as Fd);
    }
  }

  /** From now on relative names begin at `directory`, which may lie outside, or be nowhere. */
  goTo(directory: string, chdir: (directory: string) => void): void {
    const fd = this.#open(path.resolve(directory), OPEN.O_PATH | OPEN_ARCH.O_DIRECTORY);
    chdir(fd >= 0 ? `/proc/self/fd/${fd}` : '/');
    if (fd >= 0) close(fd as Fd);
    process.cwd = () => directory;
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
        this.#refuseLog(file.path);
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

  /** SQLite finds the log by its name, which nobody watches over. */
  #refuseLog(named: string): void {
    const log = this.#open(`${path.resolve(named)}-wal`, OPEN.O_PATH);
    if (NOTHING.has(log)) return;
    if (log >= 0) close(log as Fd);
    throw new NairobiError('NOT_SUPPORTED', `"${named}" has a write-ahead log beside it`, {
      where: { file: named },
      hint: 'a daemon with --allow-path reads no database that is in use',
    });
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

/** HOST where the kernel is older than 5.6, or a filter of system calls keeps openat2 from us. */
function requireOpenat2(root: Fd): void {
  const fd = openBelow(root, '.', BENEATH, OPEN.O_PATH);
  if (fd >= 0) {
    close(fd as Fd);
    return;
  }
  throw new NairobiError('HOST', 'This host cannot keep names below a directory (openat2)', {
    cause: new KernelError(-fd, 'open below a directory'),
    hint: '--allow-path needs Linux 5.6 and no filter of system calls that lacks openat2',
  });
}

let ofThread: Gate | undefined;

/** From now on whatever this thread reads for others passes `gate`, and so do its directories. */
export function useGate(gate: Gate): void {
  ofThread = gate;
  const chdir = process.chdir.bind(process);
  process.chdir = (directory) => gate.goTo(directory, chdir);
}

export const gateOfThread = (): Gate | undefined => ofThread;
