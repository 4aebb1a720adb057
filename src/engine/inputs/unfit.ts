/** What a thread that works for others does not read: it might wait for ever, and all behind it. */
import { statfsSync } from 'node:fs';
import { NairobiError } from '../../errors.ts';
import { openWithoutWaiting } from '../../kernel/calls.ts';
import type { InputFile } from './files.ts';

export class Unfit extends NairobiError {
  constructor(file: string) {
    super('NOT_SUPPORTED', `The daemon does not read "${file}": it is no regular file`, {
      where: { file },
      hint: 'nobody knows how long it takes to give what it has: nairobi query --via never',
    });
  }
}

/** See statfs(2). Their files look regular; some keep who reads them waiting, and what some say
 * depends on who opens them. */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x9fa0, // PROC_SUPER_MAGIC
  0x64626720, // DEBUGFS_MAGIC
  0x74726163, // TRACEFS_MAGIC
]);

let worksForOthers = false;

/** From now on whatever this thread reads is for others. */
export function workForOthers(): void {
  worksForOthers = true;
  openWithoutWaiting();
}

/** Throws Unfit for pipes, devices and the kernel's files, where the thread works for others. */
export function refuseUnfit(files: readonly InputFile[]): void {
  if (!worksForOthers) return;
  for (const { path: file, kind, size, place } of files) {
    const isKernels = (): boolean => KERNEL_FILE_SYSTEMS.has(statfsSync(place ?? file).type);
    if (kind !== 'regular' || (size === 0 && isKernels())) throw new Unfit(file);
  }
}
