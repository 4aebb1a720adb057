/** Frames of equal columns, one after the other. */
import { type LazyFrame, polars } from '../../compute/polars.ts';

export function concat(frames: readonly LazyFrame[]): LazyFrame {
  const options = { rechunk: false, parallel: true, how: 'vertical' };
  return polars().concat(frames as never, options as never) as unknown as LazyFrame;
}
