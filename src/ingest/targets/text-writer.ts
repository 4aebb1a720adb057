/** CSV and NDJSON as a target file: frames one behind the other, one header. */
import { closeSync, fsyncSync, openSync, readSync } from 'node:fs';
import type { DataFrame } from '../../compute/polars.ts';
import { assert } from '../../errors.ts';
import { attempt, writeFully } from '../commit/durable.ts';

const COPY_BYTES = 1 << 20;

export class TextWriter {
  readonly path: string;
  readonly #format: 'csv' | 'ndjson';
  readonly #fd: number;
  #bytes = 0;
  #rows = 0;
  #open = true;

  constructor(path: string, format: 'csv' | 'ndjson') {
    this.path = path;
    this.#format = format;
    this.#fd = attempt('create', path, () => openSync(path, 'wx', 0o644));
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(frame: DataFrame): void {
    const text: unknown =
      this.#format === 'csv'
        ? frame.writeCSV({ includeHeader: this.#bytes === 0 })
        : frame.writeJSON({ format: 'lines' });
    assert(Buffer.isBuffer(text), 'a writer without a path answers with a buffer');
    writeFully(this.#fd, text, this.path);
    this.#bytes += text.length;
    this.#rows += frame.height;
  }

  /** Copies what an earlier run wrote in front of what follows. */
  appendFile(path: string): void {
    const fd = attempt('open', path, () => openSync(path, 'r'));
    const block = Buffer.allocUnsafe(COPY_BYTES);
    try {
      for (;;) {
        const count = attempt('read', path, () => readSync(fd, block));
        if (count === 0) break;
        writeFully(this.#fd, block.subarray(0, count), this.path);
        this.#bytes += count;
      }
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    try {
      attempt('sync', this.path, () => fsyncSync(this.#fd));
    } finally {
      this.abandon();
    }
  }

  abandon(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}
