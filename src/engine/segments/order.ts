/** What the thread that feeds segments is told, and what it tells. */
import type { ErrorJson } from '../../errors.ts';
import type { Cut, CutRules } from '../../formats/cut.ts';
import type { Fd } from '../../kernel/syscall.ts';
import type { TextOrigin } from './text-origin.ts';

export interface FeedOrder {
  readonly origin: TextOrigin;
  readonly rules: CutRules;
  /** The region, and how much of its beginning holds the content's already. */
  readonly address: bigint;
  readonly byteLength: number;
  readonly filled: number;
  /** Of the first record that is data, in the content. */
  readonly start: { readonly byte: number; readonly line: number };
  readonly segmentBytes: number;
  /** Two words: segments given back; not 0 when reading shall end. */
  readonly control: SharedArrayBuffer;
  /** Becomes readable when reading shall end. */
  readonly stopFd: Fd;
}

export const CONTROL = { released: 0, over: 1 } as const;

/** A segment in the region. */
export interface FedSegment {
  readonly is: 'segment';
  readonly at: number;
  readonly cut: Cut;
  readonly byte: number;
  readonly line: number;
}

export type FeedNews =
  | FedSegment
  /** From now on the start of the content is written over. */
  | { readonly is: 'wrapped' }
  | { readonly is: 'end'; readonly byteLength: number }
  | { readonly is: 'error'; readonly error: ErrorJson | undefined; readonly message: string };
