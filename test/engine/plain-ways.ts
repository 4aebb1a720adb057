/** A session of default options, and a relation without its fast way. */
import type { Relation } from '../../src/compute/relation.ts';

export const HOST = {
  memoryLimit: undefined,
  threads: undefined,
  cpus: undefined,
  io: 'auto',
  direct: 'auto',
  timeout: undefined,
} as const;

/** The same rows, with nothing but the general way to them. */
export const general = (relation: Relation): Relation => ({
  name: relation.name,
  columns: relation.columns,
  fits: relation.fits,
  scan: (columns) => relation.scan(columns),
  segments: (columns) => relation.segments(columns),
});
