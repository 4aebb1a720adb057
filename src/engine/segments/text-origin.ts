/** What segments are made of: the content of an origin, as UTF-8 where it is text. */
import { type OtherEncoding, Transcoder } from '../../formats/transcoder.ts';
import { ContentStream, type Origin, type StreamOptions } from '../../uring/content-stream.ts';

/** Plain data, so that a thread can be told. */
export interface TextOrigin extends Origin {
  /** Made UTF-8 on the way; undefined for what is UTF-8 already, and for no text. */
  readonly encoding?: OtherEncoding | undefined;
}

export function openOrigin(
  origin: TextOrigin,
  options: Omit<StreamOptions, 'transcoding'> = {},
): ContentStream {
  const { encoding } = origin;
  const transcoding = encoding === undefined ? undefined : new Transcoder(encoding);
  return new ContentStream(origin, { ...options, transcoding });
}
