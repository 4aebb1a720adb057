/** The ways of reading that --bench compares. */
import { READ_BLOCK_BYTES, READS_IN_FLIGHT } from '../../limits.ts';
import { KiB, MiB } from '../../units.ts';

export interface Way {
  readonly path: 'direct' | 'cached' | 'uncached';
  readonly backend: 'uring' | 'pread';
  readonly blockBytes: number;
  readonly readsInFlight: number;
  readonly pages: 'plain' | 'huge';
}

const BLOCKS = [256 * KiB, MiB, 4 * MiB];
const DEPTHS = [1, 4, 8, 16];

/** What every command reads with. */
export const isUsual = (way: Way): boolean =>
  way.backend === 'uring' &&
  way.pages === 'huge' &&
  way.blockBytes === READ_BLOCK_BYTES &&
  way.readsInFlight === READS_IN_FLIGHT;

/** All that work on this file and host; a file system may have no direct reads, a host no ring. */
export function waysFor(directWorks: boolean, ringWorks: boolean): Way[] {
  const usual = { blockBytes: READ_BLOCK_BYTES as number, readsInFlight: READS_IN_FLIGHT };
  const backends: readonly Way['backend'][] = ringWorks ? ['uring', 'pread'] : ['pread'];
  const through = backends.flatMap((backend): Way[] => [
    { ...usual, path: 'cached', backend, pages: 'huge' },
    { ...usual, path: 'uncached', backend, pages: 'huge' },
  ]);
  if (!directWorks) return through;
  const one = { ...usual, readsInFlight: 1, path: 'direct', backend: 'pread' } as const;
  const matrix = (['huge', 'plain'] as const).flatMap((pages) =>
    BLOCKS.flatMap((blockBytes) =>
      DEPTHS.map(
        (readsInFlight): Way => ({
          path: 'direct',
          backend: 'uring',
          blockBytes,
          readsInFlight,
          pages,
        }),
      ),
    ),
  );
  return [
    ...(ringWorks ? matrix : []),
    { ...one, pages: 'huge' },
    { ...one, pages: 'plain' },
    ...through,
  ];
}
