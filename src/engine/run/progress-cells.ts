/** What progress.ts and its thread share. */
import { readFileSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';

/** Words of the shared memory. */
export const CELL = { over: 0, lock: 1, drawn: 2, unknown: 3, counted: 4, opaque: 5 } as const;

/** Behind the words: the bytes expected, and those counted so far. */
export const SIZES_AT = 32;

export interface ProgressTask {
  readonly style: 'line' | 'json';
  readonly memory: SharedArrayBuffer;
  readonly port: MessagePort;
  /** rchar of /proc/self/io when reading began. */
  readonly before: number;
}

/** A file whose reader tells how many of its bytes it has used, as a double. */
export interface ToldFile {
  readonly told: SharedArrayBuffer;
}

/** A file that is scanned in place. */
export interface ScannedFile {
  readonly path: string;
  /** Mappings of the file that have nothing to do with the scan. */
  readonly earlier: readonly bigint[];
  readonly pageBytes: number;
}

/** What this process got by read(2) and its like. */
export function bytesRead(): number {
  try {
    return Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

export type ProgressNews = ToldFile | ScannedFile;
