/**
 * Rejected records: counted always, written to --rejects FILE, and never more than --max-errors.
 */
import { closeSync, existsSync, fsyncSync, openSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { NairobiError } from '../../errors.ts';
import { formatCount } from '../../units.ts';
import { attempt, writeFully } from '../commit/durable.ts';
import { temporaryBeside } from '../targets/layout.ts';
import type { Reject } from './decoder.ts';

/** A count, or a share of the rows read. */
export type ErrorBudget = { readonly count: number } | { readonly share: number };

/** "100" or "0.5%". */
export function parseBudget(text: string): ErrorBudget {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(text);
  const value = Number(match?.[1]);
  const isShare = match?.[2] === '%';
  if (match === null || (isShare ? value > 100 : !Number.isInteger(value))) {
    throw new NairobiError('USAGE', `Cannot read "${text}" as a number of errors`, {
      hint: 'write a count such as 100, or a share of the rows such as 0.5%',
    });
  }
  return isShare ? { share: value / 100 } : { count: value };
}

/** Of one record, what the rejects file keeps: a line with a dump would drown the others. */
const RAW_CHARACTERS = 4096;

export class Rejects {
  readonly #path: string | undefined;
  readonly #budget: ErrorBudget | undefined;
  readonly #run: string;
  #fd: number | undefined;
  #bytes = 0;
  count = 0;
  /** The first one, for the report. */
  example: (Reject & { readonly source: string }) | undefined;

  constructor(path: string | undefined, budget: ErrorBudget | undefined, run: string) {
    this.#path = path === undefined ? undefined : resolve(path);
    this.#budget = budget;
    this.#run = run;
  }

  /** Counts and writes; throws when there are more than the budget allows. */
  add(source: string, rejects: readonly Reject[]): void {
    if (rejects.length === 0) return;
    const [first] = rejects;
    if (this.example === undefined && first !== undefined) this.example = { ...first, source };
    this.count += rejects.length;
    const budget = this.#budget;
    if (budget !== undefined && 'count' in budget && this.count > budget.count) {
      throw this.overBudget(`${budget.count}`);
    }
    if (this.#path === undefined) return;
    const lines = rejects.map((reject) => `${JSON.stringify(lineOf(source, reject))}\n`).join('');
    const data = Buffer.from(lines);
    this.#fd ??= this.openSpool(this.#path);
    writeFully(this.#fd, data, this.#path);
    this.#bytes += data.length;
  }

  private openSpool(path: string): number {
    return attempt('create', path, () => openSync(temporaryBeside(path, this.#run), 'wx', 0o644));
  }

  /** At the end a share can be judged. */
  check(rowsRead: number): void {
    const budget = this.#budget;
    if (budget === undefined || 'count' in budget) return;
    if (this.count > budget.share * rowsRead) throw this.overBudget(`${budget.share * 100}%`);
  }

  /** The synced file that holds the lines so far, and its length; undefined when there are none. */
  seal(): { readonly path: string; readonly staged: string; readonly bytes: number } | undefined {
    if (this.#fd === undefined || this.#path === undefined) return undefined;
    const fd = this.#fd;
    attempt('sync', this.#path, () => fsyncSync(fd));
    closeSync(fd);
    this.#fd = undefined;
    const bytes = this.#bytes;
    this.#bytes = 0;
    return { path: this.#path, staged: temporaryBeside(this.#path, this.#run), bytes };
  }

  /** What was lost, for people: the first bad row, and `nulled` values of good ones. */
  told(nulled: number): string[] {
    const lost = nulled === 0 ? [] : [`${formatCount(nulled)} values are null or have no column`];
    if (this.example === undefined) return lost;
    const { source, line, column, reason } = this.example;
    const where = column === undefined ? '' : ` in column "${column}"`;
    return [`the first bad row: ${source}:${line}: ${reason}${where}`, ...lost];
  }

  /** Throws away lines that were not sealed; a sealed file may belong to a commit already. */
  discard(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    if (this.#path === undefined) return;
    const temporary = temporaryBeside(this.#path, this.#run);
    // rmSync would hide the errno.
    if (existsSync(temporary)) attempt('remove', temporary, () => unlinkSync(temporary));
  }

  private overBudget(limit: string): NairobiError {
    const place = this.example;
    return new NairobiError(
      'BAD_DATA',
      `More rows are bad than --max-errors ${limit} allows; the first: ${place?.reason ?? ''}`,
      {
        ...(place === undefined
          ? {}
          : { where: { file: place.source, line: place.line, byte: place.byte } }),
        hint: 'nothing was committed; look at them with --on-error quarantine --rejects FILE',
      },
    );
  }
}

function lineOf(source: string, reject: Reject): Record<string, unknown> {
  const raw = reject.raw.slice(0, RAW_CHARACTERS);
  return {
    source,
    line: reject.line,
    byte: reject.byte,
    column: reject.column ?? null,
    reason: reject.reason,
    raw,
    ...(raw.length < reject.raw.length ? { truncated: true } : {}),
  };
}
