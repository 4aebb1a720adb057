/** Facts about io_uring: what the administrator decided, and what happened when it was tried. */
import { join } from 'node:path';
import { readCgroups } from './cgroup.ts';
import { type HostFiles, numberIn } from './files.ts';

export interface UringFacts {
  /**
   * kernel.io_uring_disabled: 0 all, 1 administrators and io_uring_group, 2 nobody; 6.6 and later.
   */
  readonly disabled: number | undefined;
  /** kernel.io_uring_group: a group id, -1 for none. */
  readonly group: number | undefined;
  /** CONFIG_IO_URING in the kernel's own configuration, where it can be read. */
  readonly configured: boolean | undefined;
  /** The control group with the least room for threads (pids.max); undefined without a limit. */
  readonly tasks:
    | { readonly file: string; readonly max: number; readonly left: number }
    | undefined;
}

export function readUring(files: HostFiles, release: string): UringFacts {
  return {
    disabled: numberIn(files, '/proc/sys/kernel/io_uring_disabled'),
    group: numberIn(files, '/proc/sys/kernel/io_uring_group'),
    configured: configuredIn(files.text(`/boot/config-${release}`)),
    tasks: readTasks(files),
  };
}

function readTasks(files: HostFiles): UringFacts['tasks'] {
  const limits = readCgroups(files)
    .levels('pids')
    .flatMap((level) => {
      const max = numberIn(files, join(level, 'pids.max'));
      const current = numberIn(files, join(level, 'pids.current'));
      if (max === undefined || current === undefined) return [];
      return [{ file: join(level, 'pids.max'), max, left: Math.max(0, max - current) }];
    });
  return limits.sort((a, b) => a.left - b.left)[0];
}

function configuredIn(config: string | undefined): boolean | undefined {
  if (config === undefined) return undefined;
  return /^CONFIG_IO_URING=y$/m.test(config);
}
