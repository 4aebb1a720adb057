/** The content of a pipe that was begun and does not end soon. */
import type { OtherEncoding } from '../../formats/transcoder.ts';
import type { Origin } from '../../uring/content-stream.ts';
import type { PieceContext } from '../inputs/open.ts';
import { type Begun, copyOf, StreamedContent } from './content.ts';
import { spoolPipe } from './spool.ts';
import { openOrigin, type TextOrigin } from './text-origin.ts';

export interface BegunPipe {
  readonly origin: Origin;
  readonly begun: Begun;
  /** Closed by whoever has read it to its end. */
  readonly input: Disposable;
}

/** Takes the pipe over. Where its rows are gone through more than once, it is kept on disk. */
export function contentOfPipe(
  { origin, begun, input }: BegunPipe,
  encoding: OtherEncoding | undefined,
  { pool, sizes, once }: PieceContext,
): StreamedContent {
  if (once) {
    const opened = encoding === undefined ? { origin, begun } : transcoded(origin, begun, encoding);
    return new StreamedContent(opened.origin, pool, sizes, { file: input, begun: opened.begun });
  }
  const spooled = spoolPipe(origin, begun);
  begun.room.drop();
  input[Symbol.dispose]();
  return new StreamedContent({ ...spooled.origin, encoding }, pool, sizes, { file: spooled.file });
}

/** Begins anew, with what was read of the pipe so far before what comes. */
function transcoded(
  origin: Origin,
  { stream, room, filled }: Begun,
  encoding: OtherEncoding,
): { readonly origin: TextOrigin; readonly begun: Begun } {
  const already = origin.compression === undefined ? copyOf({ room }, filled) : stream.recorded;
  const anew = { ...origin, encoding, already };
  const begun = { stream: openOrigin(anew), room, filled: 0 };
  stream[Symbol.dispose]();
  return { origin: anew, begun };
}
