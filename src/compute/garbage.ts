/**
 * Polars' frames are freed when V8 collects their wrappers, which it does not know to be large:
 * 300 MB grow to 1.5 GB in a tight loop (measured). So who makes many says when.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collector = (options?: { readonly type: 'minor' }) => void;

let collector: Collector | undefined;

function collectorOfV8(): Collector {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collector;
}

/** Frees the frames that nothing refers to any more; those made lately, in under a millisecond. */
export async function freeFrames(): Promise<void> {
  collector ??= collectorOfV8();
  collector({ type: 'minor' });
  // Their finalisers run when the loop turns.
  await nextTurn();
}

/** Frees everything that nothing refers to any more, WebAssembly's memories too: some 10 ms. */
export async function freeAll(): Promise<void> {
  collector ??= collectorOfV8();
  // Memories are unmapped by the collection after the one that found them unused (measured).
  for (let turn = 0; turn < 2; turn += 1) {
    collector();
    await nextTurn();
  }
}

/**
 * From now on V8's young generation stays as large as it is. It grows to 100 MiB and more where
 * much is made and dropped at once, as for the lines of a plot, and is not given back.
 */
export function keepYoungSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
