/** What stderr gets when a native library ends the process in the middle of a computation. */
import { NairobiError } from '../../errors.ts';
import { type AbortGuard, guardAborts } from '../../kernel/abort.ts';
import type { Reporter } from './report.ts';

/** Stands while files are read; names the one at fault where there is only one. */
export class AbortNotice implements Disposable {
  readonly #reporter: Reporter;
  readonly #paths: string[] = [];
  #guard: AbortGuard | undefined;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** From now on this source is read, too. */
  reading(path: string): void {
    const { failureText } = this.#reporter;
    if (failureText === undefined) return;
    this.#paths.push(path);
    this.#guard ??= guardAborts();
    const [first, ...others] = this.#paths;
    const what = others.length === 0 ? first : `one of ${this.#paths.join(', ')}`;
    const error = new NairobiError(
      'BAD_DATA',
      `Polars gave up in the middle of reading: ${what} is damaged or became shorter, or memory ran out`,
      {
        ...(others.length === 0 ? { where: { file: path } } : {}),
        hint: 'check that the file is complete; "ulimit -v" may be too low',
      },
    );
    this.#guard?.say(failureText(error), error.exitCode);
  }

  [Symbol.dispose](): void {
    this.#guard?.[Symbol.dispose]();
  }
}
