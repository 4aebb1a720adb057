/**
 * The control groups of this process: where they lie, and their files on the way up to the root.
 */
import { join } from 'node:path';
import { type HostFiles, numberIn } from './files.ts';

export interface Cgroups {
  /** 2: unified only; 1: controllers on v1 (also hybrid hosts); 0: none mounted. */
  readonly version: 0 | 1 | 2;
  /**
   * The directories that hold `controller`'s files for this process, its own first, then upwards.
   */
  levels(controller: string): readonly string[];
}

export function readCgroups(files: HostFiles): Cgroups {
  const mounts = cgroupMounts(files.text('/proc/self/mountinfo') ?? '');
  const paths = cgroupPaths(files.text('/proc/self/cgroup') ?? '');
  const unified = mounts.find((mount) => mount.controllers === undefined);
  const versionOf = (): 0 | 1 | 2 => {
    if (mounts.some((mount) => mount.controllers?.includes('memory'))) return 1;
    return unified === undefined ? 0 : 2;
  };
  return {
    version: versionOf(),
    levels(controller) {
      const v1 = mounts.find((mount) => mount.controllers?.includes(controller));
      const path = v1 === undefined ? paths.get('') : paths.get(controller);
      const mount = v1 ?? unified;
      if (mount === undefined || path === undefined) return [];
      return upwards(mount.point, below(mount.root, path));
    },
  };
}

/**
 * Each level's number in `file`; "max" and v1's page-rounded 2^63 mean no limit and are left out.
 */
export function cgroupLimits(
  files: HostFiles,
  levels: readonly string[],
  file: string,
): { readonly file: string; readonly bytes: number }[] {
  return levels.flatMap((level) => {
    const path = join(level, file);
    const bytes = numberIn(files, path);
    return bytes === undefined || bytes >= 2 ** 62 ? [] : [{ file: path, bytes }];
  });
}

interface CgroupMount {
  readonly root: string;
  readonly point: string;
  /** Undefined for cgroup2. */
  readonly controllers: readonly string[] | undefined;
}

/** mountinfo: id parent major:minor root point options [optional...] - type source superoptions. */
function cgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line): CgroupMount[] => {
    const [left, right] = line.split(' - ');
    const [type, , superOptions] = right?.split(' ') ?? [];
    const [, , , root, point] = left?.split(' ') ?? [];
    if (root === undefined || point === undefined) return [];
    if (type === 'cgroup2') return [{ root, point, controllers: undefined }];
    if (type === 'cgroup') return [{ root, point, controllers: superOptions?.split(',') ?? [] }];
    return [];
  });
}

/** /proc/self/cgroup: controller (or "" for v2) to path. */
function cgroupPaths(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    for (const controller of match?.[1]?.split(',') ?? []) paths.set(controller, match?.[2] ?? '/');
  }
  return paths;
}

/**
 * In a container the mount shows a subtree: root "/docker/ID" at the mount point, and without a
 * cgroup namespace the process' path starts with that root.
 */
function below(root: string, path: string): string {
  if (root === '/' || root === path) return root === path ? '/' : path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : '/';
}

function upwards(point: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  const levels: string[] = [];
  for (let count = parts.length; count >= 0; count -= 1) {
    levels.push(join(point, ...parts.slice(0, count)));
  }
  return levels;
}
