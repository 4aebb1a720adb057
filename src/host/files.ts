/**
 * The files a host describes itself with (/proc, /sys, /etc): this host's, a captured tree's below
 * a root prefix, or a map in memory. Everything the host room knows enters through here, so that a
 * capture is exactly what was read.
 */
import { accessSync, constants, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface HostFiles {
  /** True only for the host this process runs on. */
  readonly live: boolean;
  /** The whole text, or undefined when the file is missing or may not be read. */
  text(path: string): string | undefined;
  /** Names in a directory, sorted; none when it is missing. */
  names(path: string): readonly string[];
  exists(path: string): boolean;
  /** Where a symbolic link points, unresolved; undefined when there is none. */
  link(path: string): string | undefined;
}

/** The files below `root`; "/" is this host. */
export function hostFiles(root = '/'): HostFiles {
  const at = (path: string): string => (root === '/' ? path : join(root, path));
  return {
    live: root === '/',
    text: (path) => attempt(() => readFileSync(at(path), 'utf8')),
    names: (path) => attempt(() => readdirSync(at(path)).sort()) ?? [],
    exists: (path) => attempt(() => statSync(at(path))) !== undefined,
    link: (path) => attempt(() => readlinkSync(at(path))),
  };
}

/** A tree held in memory: absolute path to text. A directory exists when something lies in it. */
export function treeFiles(entries: ReadonlyMap<string, string>): HostFiles {
  const children = (path: string): Set<string> => {
    const prefix = path.endsWith('/') ? path : `${path}/`;
    const names = new Set<string>();
    for (const key of entries.keys()) {
      if (key.startsWith(prefix)) names.add(key.slice(prefix.length).split('/')[0] ?? '');
    }
    names.delete('');
    return names;
  };
  return {
    live: false,
    text: (path) => entries.get(path),
    names: (path) => [...children(path)].sort(),
    exists: (path) => entries.has(path) || children(path).size > 0,
    link: () => undefined,
  };
}

/**
 * The same files, noting in `entries` all that is read: a later `treeFiles(entries)` answers alike.
 */
export function recordingFiles(files: HostFiles, entries: Map<string, string>): HostFiles {
  return {
    live: files.live,
    text(path) {
      const text = files.text(path);
      if (text !== undefined) entries.set(path, text);
      return text;
    },
    names(path) {
      const names = files.names(path);
      for (const name of names) {
        const child = join(path, name);
        if (!entries.has(child)) entries.set(child, '');
      }
      return names;
    },
    exists(path) {
      const exists = files.exists(path);
      if (exists && !entries.has(path)) entries.set(path, '');
      return exists;
    },
    link: (path) => files.link(path),
  };
}

/** Whether this process may read and write `path` itself. Only meaningful on the live host. */
export function mayUse(path: string): boolean {
  return attempt(() => accessSync(path, constants.R_OK | constants.W_OK) ?? true) === true;
}

/** A file that holds one whole number. */
export function numberIn(files: HostFiles, path: string): number | undefined {
  const text = files.text(path)?.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** "Key:   value" lines, as in /proc/meminfo and /proc/self/status. */
export function keyedLines(text: string | undefined): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text?.split('\n') ?? []) {
    const colon = line.indexOf(':');
    if (colon > 0) values.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return values;
}

/** "0-3,8,10-11" -> [0, 1, 2, 3, 8, 10, 11]: the kernel's list format (cpusets, NUMA nodes). */
export function listFormat(text: string): number[] {
  const numbers: number[] = [];
  for (const part of text.trim().split(',')) {
    const [first, last] = part.split('-').map(Number);
    if (part === '' || first === undefined || Number.isNaN(first)) continue;
    for (let value = first; value <= (last ?? first); value += 1) numbers.push(value);
  }
  return numbers;
}

/** A missing or forbidden file is an answer here, not an error: containers hide many of them. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
