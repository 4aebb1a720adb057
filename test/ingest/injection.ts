/**
 * System calls of a run, as strace tells them: which there are to be disturbed, and which one an
 * injection has hit. Numbers of calls shift a little from run to run (threads wake each other by
 * write), so a hit is known by the file it was about, not by its number.
 */
import { spawnSync } from 'node:child_process';
import { isAbsolute, join, resolve } from 'node:path';
import type { Ended, Stage } from './scenario.ts';

/** Every call by which the program changes a file system. */
export const WRITING_CALLS =
  'write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,rename,renameat,renameat2,mkdir,mkdirat,fsync,fdatasync,unlink,unlinkat,rmdir,truncate,ftruncate,fallocate,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,utimensat';

/** What opens, creates included. */
export const OPENING_CALLS = 'open,openat,creat';

/** Their first argument is an open file; what stands in quotes is data. */
const BY_DESCRIPTOR = new Set(
  'write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,fsync,fdatasync,ftruncate,fallocate,fchmod'.split(
    ',',
  ),
);

export const hasStrace = spawnSync('strace', ['-V']).status === 0;
export const NO_STRACE = 'strace is not installed: apt-get install strace';

/** The nth use of a system call in a thread. */
export interface Call {
  readonly name: string;
  readonly nth: number;
  /** Made by the thread that runs the program, which makes the same calls every time. */
  readonly isMain: boolean;
  /** Below the folder of the run; ids of runs are replaced. Undefined: of something else. */
  readonly file: string | undefined;
  /** How often the thread has made this call about this file, this one included. */
  readonly ordinal: number;
}

interface Traced extends Call {
  readonly isInjected: boolean;
}

/** Every call in the text of a trace, in order. */
function parseTrace(text: string, root: string): Traced[] {
  const calls: Traced[] = [];
  const seen = new Map<string, number>();
  const count = (key: string): number => {
    const next = (seen.get(key) ?? 0) + 1;
    seen.set(key, next);
    return next;
  };
  const open = new Map<string, Traced>();
  let main: string | undefined;
  for (const line of text.split('\n')) {
    const isInjected = line.includes('(INJECTED)');
    const resumed = /^(\d+) +<\.\.\. \w+ resumed>/.exec(line)?.[1];
    const begun = open.get(resumed ?? '');
    if (begun !== undefined && isInjected) calls[calls.indexOf(begun)] = { ...begun, isInjected };
    const [, thread = '', name, rest = ''] = /^(?:(\d+) +)?(\w+)\((.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    main ??= thread;
    const file = ofRun(fileOf(name, rest, root), root);
    const nth = count(`${thread} ${name}`);
    const ordinal = count(`${thread} ${name} ${file}`);
    const call = { name, nth, isMain: thread === main, file, ordinal, isInjected };
    if (line.includes('<unfinished')) open.set(thread, call);
    calls.push(call);
  }
  return calls;
}

function fileOf(name: string, rest: string, root: string): string | undefined {
  const held = /^(?:AT_FDCWD|\d+)<([^>]*)>/.exec(rest)?.[1];
  if (BY_DESCRIPTOR.has(name)) return held;
  const named = /"((?:[^"\\]|\\.)*)"/.exec(rest)?.[1];
  if (named === undefined) return held;
  return isAbsolute(named) ? named : join(held ?? root, named);
}

function ofRun(file: string | undefined, root: string): string | undefined {
  const path = file === undefined ? '' : resolve(file);
  if (path !== root && !path.startsWith(`${root}/`)) return undefined;
  return `.${path.slice(root.length)}`.replaceAll(/\d{8}T\d{6}-[0-9a-f]{8}/g, 'RUN');
}

/** Of an undisturbed run: every call of `names` about its files, in order. */
export async function recordCalls(stage: Stage, names: string): Promise<Call[]> {
  stage.reset();
  const trace = stage.trace();
  await stage.run(['strace', '-f', '-y', '-qq', '-o', trace.path, '-e', `trace=${names}`]);
  return parseTrace(trace.take(), stage.path).filter(({ file }) => file !== undefined);
}

/** Arguments of strace that do `what` to the nth such call of the main thread, or of each. */
export const inject = (what: string, call: Omit<Call, 'file' | 'ordinal'>, trace: string) => [
  ...['strace', ...(call.isMain ? [] : ['-f']), '-y', '-qq', '-o', trace],
  ...['-e', `trace=${call.name}`, '-e', `inject=${call.name}:${what}:when=${call.nth}`],
];

export interface Struck {
  readonly ended: Ended;
  /** Undefined: the run made no such call. */
  readonly hit: Call | undefined;
  /** False where other threads made a call of that number too, and met the same. */
  readonly isAlone: boolean;
  /** The same calls as the one that was to be met, of the main thread, until it was. */
  readonly before: readonly Call[];
}

/** A run from the beginning in which an error or a signal meets this call. */
export async function strike(stage: Stage, what: string, call: Call): Promise<Struck> {
  const trace = stage.trace();
  const ended = await stage.run(inject(what, call, trace.path));
  const calls = parseTrace(trace.take(), stage.path);
  const hits = calls.filter(({ isInjected }) => isInjected);
  const hit = hits.find(({ file }) => file !== undefined) ?? hits[0];
  const before = hit === undefined ? calls : calls.slice(0, calls.indexOf(hit) + 1);
  return { ended, hit, isAlone: hits.length < 2, before: before.filter(({ isMain }) => isMain) };
}
