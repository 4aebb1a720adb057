/**
 * A text of any length, read a segment of whole records at a time. What was understood of its
 * beginning holds for all of it; a segment that contradicts it says so instead of giving rows.
 */
import type { DataFrame } from '../compute/polars.ts';
import type { Column, PlainShape } from '../compute/relation.ts';
import { NairobiError, type Where } from '../errors.ts';
import type { RecordStart } from './csv/records.ts';
import { type Cut, type CutRules, cut } from './cut.ts';
import type { Rejected, Understood } from './options.ts';

export interface Segment {
  /** Whole records; nothing keeps a reference to them. */
  readonly bytes: Buffer;
  readonly cut: Cut;
  /** Of the first byte, in the content. */
  readonly place: RecordStart;
}

export interface SegmentedText {
  readonly columns: readonly Column[];
  readonly understood: Understood;
  readonly rejected: Rejected;
  /** How its records are told apart. */
  readonly rules: CutRules;
  /** The first record that is data. */
  readonly start: RecordStart;
  /**
   * The rows of a segment with these columns. Throws Contradiction when the segment needs other
   * types, BAD_DATA with the place in the content of what is wrong.
   */
  read(segment: Segment, columns?: readonly string[]): DataFrame;
  /** How who reads it faster than Polars finds these columns; undefined where nobody may. */
  plain?(columns: readonly string[]): PlainShape | undefined;
  /**
   * Looks at the whole content, segment by segment, and then decides; about the column of a
   * contradiction, or about columns that come late.
   */
  survey(contradiction?: Contradiction): Survey;
  /** True when what comes may have columns, or types of columns, that the beginning did not show. */
  readonly mayTellMore: boolean;
  /** True when all of the content, looked at as a whole, is what its beginning promised. */
  agrees(content: Buffer): boolean;
  /** Forgets what was rejected, to begin again with the first segment. */
  restart(): void;
}

export interface Survey {
  observe(segment: Segment): void;
  /** Changes what is understood so that nothing contradicts it, or throws BAD_DATA. */
  decide(): void;
}

/** What comes late and needs another type than the beginning promised. */
export class Contradiction extends Error {
  readonly column: string;
  /** In the content. */
  readonly where: Where;
  /** The type that would hold it, for a hint; undefined where no type helps. */
  readonly type: string | undefined;

  /** `message` is a sentence without a full stop. */
  constructor(message: string, column: string, type: string | undefined, where: Where) {
    super(message);
    this.column = column;
    this.type = type;
    this.where = where;
  }
}

/** The records of a segment from offset `from` on, where one begins. */
export function tailOf(segment: Segment, from: number, rules: CutRules): Segment {
  if (from === 0) return segment;
  const { bytes, place } = segment;
  const tail = bytes.subarray(from);
  const before = cut(bytes.subarray(0, from), LINES, true).lines;
  return {
    bytes: tail,
    cut: cut(tail, rules, true),
    place: { byte: place.byte + from, line: place.line + before },
  };
}

const LINES: CutRules = { kind: 'lines' };

/** Runs `work` on a segment; places in what it throws become places in the content of `file`. */
export function located<T>({ place }: Pick<Segment, 'place'>, work: () => T, file?: string): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    const { code, message, hint, cause } = error;
    const named = file === undefined ? error.where : { file, ...error.where };
    const where = named === undefined ? undefined : moved(named, place);
    throw new NairobiError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(where === undefined ? {} : { where }),
      cause,
    });
  }
}

/** A place in a segment that begins at `start`, as a place in the content. */
export function moved<Place extends { readonly line?: number; readonly byte?: number }>(
  place: Place,
  start: RecordStart,
): Place {
  const { line, byte } = place;
  return {
    ...place,
    ...(line === undefined ? {} : { line: line + start.line - 1 }),
    ...(byte === undefined ? {} : { byte: byte + start.byte }),
  };
}
