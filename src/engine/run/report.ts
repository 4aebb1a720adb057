/** What a run did and what it cost: printed by --report, part of --json. */
import type { NairobiError } from '../../errors.ts';
import type { PageKind } from '../../memory/lease.ts';
import { formatDuration, milliseconds } from '../../units.ts';
import type { Stall } from '../../uring/ring-reader.ts';
import { Progress } from './progress.ts';

export type Backend = 'io_uring' | 'preadv2' | 'mmap' | 'read';
export type Phase = 'io' | 'parse' | 'compute' | 'render' | 'write';

export interface RunReport {
  readonly version: 1;
  readonly bytesRead: number;
  readonly backend: Backend | undefined;
  /** Why not io_uring, when it is not. */
  readonly fallbackReason: string | undefined;
  readonly direct: boolean;
  readonly ringEntries: number | undefined;
  readonly ringFlags: readonly string[];
  /** What the ring was asked for and did not get. */
  readonly ringRefused: readonly string[];
  readonly readsInFlight: number | undefined;
  readonly blockBytes: number | undefined;
  readonly pageKind: PageKind | undefined;
  readonly threads: number | undefined;
  readonly rowsRead: number | undefined;
  readonly rowsRejected: number | undefined;
  readonly ms: Readonly<Record<Phase, number>> & { readonly total: number };
  /** Peak resident set plus huge pages of the pool, in bytes. */
  readonly peakMemoryBytes: number;
  readonly notes: readonly string[];
}

type Facts = Partial<Omit<RunReport, 'version' | 'ms' | 'notes' | 'peakMemoryBytes' | 'bytesRead'>>;

/** Collects the report while the run goes on. */
export class Reporter {
  /** Shown while the run goes on; nothing unless allowed. */
  readonly progress = new Progress();
  readonly #started = performance.now();
  readonly #ms: Record<Phase, number> = { io: 0, parse: 0, compute: 0, render: 0, write: 0 };
  readonly #notes: string[] = [];
  #facts: Facts = {};
  #bytesRead = 0;
  #hugePageBytes = 0;

  /** Times `work` under `phase`; what it returns passes through. */
  time<T>(phase: Phase, work: () => T): T {
    const start = performance.now();
    const done = (): void => {
      this.#ms[phase] += performance.now() - start;
    };
    try {
      const result = work();
      if (result instanceof Promise) return result.finally(done) as T;
      done();
      return result;
    } catch (error) {
      done();
      throw error;
    }
  }

  addBytesRead(count: number): void {
    this.#bytesRead += count;
  }

  /** As addBytesRead, by who reads piece by piece. */
  ingested(count: number): void {
    this.addBytesRead(count);
    this.progress.advance(count);
  }

  set(facts: Facts): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  /** Reserved huge pages the run had: they are no part of the resident set. */
  addHugePages(byteLength: number): void {
    this.#hugePageBytes += byteLength;
  }

  /** Told of what the person should hear of while the run goes on. */
  onRemark: (text: string) => void = () => undefined;

  /** What stderr gets of an error, for when no JavaScript will run any more. */
  failureText: ((error: NairobiError) => string) | undefined;

  /** What --on-error left out or made null, in words; undefined when nothing. */
  rejection: string | undefined;

  /** Notes that are printed also without --report. */
  readonly remarks: string[] = [];

  remark(text: string): void {
    if (!this.remarks.includes(text)) this.remarks.push(text);
    this.note(text);
  }

  note(text: string): void {
    if (!this.#notes.includes(text)) this.#notes.push(text);
  }

  finish(): RunReport {
    return {
      version: 1,
      bytesRead: this.#bytesRead,
      backend: undefined,
      fallbackReason: undefined,
      direct: false,
      ringEntries: undefined,
      ringFlags: [],
      ringRefused: [],
      readsInFlight: undefined,
      blockBytes: undefined,
      pageKind: undefined,
      threads: undefined,
      rowsRead: undefined,
      rowsRejected: undefined,
      ...this.#facts,
      ms: { ...this.#ms, total: performance.now() - this.#started },
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024 + this.#hugePageBytes,
      notes: this.#notes,
    };
  }
}

/** Says which read nobody answers: else a dead network file system looks like a slow program. */
export function tellStall({ path, byte, waitedMs }: Stall, reporter: Reporter): void {
  const waited = formatDuration(milliseconds(waitedMs));
  reporter.onRemark(`still waiting for ${path} at byte ${byte}: no answer for ${waited}`);
}
