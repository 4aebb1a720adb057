/** What a process has of memory for itself: what it maps of files the kernel can take back. */
import { closeSync, openSync, readSync } from 'node:fs';
import { memoryPageBytes } from '../kernel/sigbus.ts';
import { MiB } from '../units.ts';

/** Polars takes a gigabyte in a second: looked at this often it gets some ten MiB too far. */
export const LOOK_EVERY_MS = 15;

/** What a limit leaves beside the data: code compiled late, caches of malloc. */
export const SLACK_BYTES = 64 * MiB;

/** proc_pid_statm(5), kept open to be read often. */
export class OwnMemory {
  readonly #fd: number;
  readonly #pageBytes: number;
  readonly #text = Buffer.alloc(256);
  #isOpen = true;

  /** Throws where there is no such process, as openSync does. */
  constructor(pid: number | 'self', pageBytes = memoryPageBytes()) {
    this.#pageBytes = pageBytes;
    this.#fd = openSync(`/proc/${pid}/statm`, 'r');
  }

  /** Bytes; 0 for a process that has ended. */
  get bytes(): number {
    if (!this.#isOpen) return 0;
    try {
      const length = readSync(this.#fd, this.#text, 0, this.#text.length, 0);
      // size resident shared ...
      const [, resident = 0, shared = 0] = this.#text
        .toString('latin1', 0, length)
        .split(' ')
        .map(Number);
      return (resident - shared) * this.#pageBytes;
    } catch {
      return 0; // ESRCH
    }
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}
