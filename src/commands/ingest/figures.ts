/** --metrics: the figures of a run, after it and after every commit of one that goes on. */
import { existsSync, readFileSync } from 'node:fs';
import type { IngestResult } from '../../engine/ingest/options.ts';
import { messageOf } from '../../errors.ts';
import { withHint } from '../../ingest/commit/durable.ts';
import { writeMetrics } from '../../ingest/metrics.ts';

export class Figures {
  readonly #file: string | undefined;
  readonly #target: string;
  readonly #bytesRead: () => number;
  readonly #started = performance.now();

  /** Without a file nothing is written. */
  constructor(file: string | undefined, target: string, bytesRead: () => number) {
    this.#file = file;
    this.#target = target;
    this.#bytesRead = bytesRead;
  }

  /** `result` is undefined for a run that failed. */
  write(result: IngestResult | undefined, code: number): void {
    if (this.#file === undefined) return;
    const figures = {
      target: this.#target,
      success: code === 0 || code === 5,
      exitCode: code,
      seconds: (performance.now() - this.#started) / 1000,
      rowsRead: result?.rows.rowsRead ?? 0,
      rowsWritten: result?.rows.rowsWritten ?? 0,
      rowsRejected: result?.rows.rowsRejected ?? 0,
      bytesRead: this.#bytesRead(),
      bytesWritten: result?.bytes ?? 0,
    };
    const file = this.#file;
    const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    withHint('the rows are committed; only the figures of the run are missing', () =>
      writeMetrics(file, figures, before),
    );
  }

  /** The same where something else matters more. */
  tryWrite(result: IngestResult | undefined, code: number, tell: (text: string) => void): void {
    try {
      this.write(result, code);
    } catch (error) {
      tell(`--metrics: ${messageOf(error)}`);
    }
  }
}
