/** The text the user typed, and errors that point into it. */
import { type ErrorCode, isStackOverflow, NairobiError } from '../errors.ts';

/** A byte range of the parsed text and where it came from in the typed text. */
export interface Segment {
  readonly parsed: number;
  readonly typed: number;
  readonly length: number;
}

/** What the stack, or the engine's reader, does not hold. */
export const tooDeep = (cause: unknown): NairobiError =>
  new NairobiError('NOT_SUPPORTED', 'Not supported: an expression nested this deep', {
    cause,
    hint: 'split it: give its parts names with WITH or in a subquery',
  });

/** `work`, with an overflow of the stack as what it means in SQL. */
export async function withinStack<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isStackOverflow(error) ? tooDeep(error) : error;
  }
}

export class Source {
  readonly text: string;
  readonly #bytes: Buffer;
  readonly segments: readonly Segment[];

  constructor(text: string, segments: readonly Segment[] = []) {
    this.text = text;
    this.#bytes = Buffer.from(text);
    this.segments = segments;
  }

  /** The typed byte offset of a parsed one: the nearest typed byte at or before it. */
  typed(parsed: number): number {
    if (this.segments.length === 0) return parsed;
    let best = 0;
    for (const segment of this.segments) {
      if (segment.parsed > parsed) break;
      best = segment.typed + Math.min(parsed - segment.parsed, segment.length);
    }
    return best;
  }

  /** Line and column from 1 of a typed byte offset, in characters. */
  place(byte: number): { readonly line: number; readonly column: number } {
    const before = this.#bytes.subarray(0, byte).toString();
    const lines = before.split('\n');
    return { line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1 };
  }

  /** An error with the line and a caret under the typed byte at `byte`. */
  errorAtTyped(code: ErrorCode, message: string, byte: number, hint?: string): NairobiError {
    const { line, column } = this.place(Math.max(0, byte));
    const shown = (this.text.split('\n')[line - 1] ?? '').replaceAll('\t', ' ');
    const window = Math.max(0, column - 60);
    const excerpt = Array.from(shown)
      .slice(window, window + 100)
      .join('');
    const caret = `${' '.repeat(column - 1 - window)}^`;
    return new NairobiError(code, `${message}\n  ${excerpt}\n  ${caret}`, {
      where: { file: 'SQL', line, column },
      ...(hint === undefined ? {} : { hint }),
    });
  }

  /** The same for an offset the parser gave; -1 or undefined means "somewhere". */
  error(code: ErrorCode, message: string, parsed: number | undefined, hint?: string): NairobiError {
    if (parsed === undefined || parsed < 0) {
      return new NairobiError(code, message, hint === undefined ? {} : { hint });
    }
    return this.errorAtTyped(code, message, this.typed(parsed), hint);
  }

  unsupported(what: string, parsed: number | undefined, hint?: string): NairobiError {
    return this.error('NOT_SUPPORTED', `Not supported: ${what}`, parsed, hint);
  }
}
