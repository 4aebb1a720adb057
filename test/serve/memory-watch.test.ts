import { describe, expect, test, vi } from 'vitest';
import { MemoryWatch, type Watched } from '../../src/serve/memory-watch.ts';
import { GiB, MiB } from '../../src/units.ts';

/** A process that has so much of its own, with a task or without. */
class Fake implements Watched {
  ownBytes = 100 * MiB;
  taskBytesMax: number | undefined;
  ended: string | undefined;

  end(reason: Error): void {
    this.ended = reason.message;
  }
}

function watched(limit: number): { watch: MemoryWatch; one: Fake; other: Fake } {
  const [one, other] = [new Fake(), new Fake()];
  const watch = new MemoryWatch(
    () => [one, other],
    limit,
    () => 0,
  );
  watch.meet(one);
  watch.meet(other);
  return { watch, one, other };
}

describe('a task', () => {
  test('that takes more than it may is ended, and one that does not is left', () => {
    const { watch, one, other } = watched(8 * GiB);
    one.taskBytesMax = GiB;
    other.taskBytesMax = GiB;
    one.ownBytes += GiB + 65 * MiB;
    other.ownBytes += GiB;
    watch.look();
    expect(one.ended).toContain('1 GiB');
    expect(other.ended).toBeUndefined();
  });

  test('is not ended for what another is about to give back', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { watch, one, other } = watched(2 * GiB);
      one.taskBytesMax = 2 * GiB;
      one.ownBytes += 1.5 * GiB;
      watch.look();
      // It has answered, and its memory is still there.
      one.taskBytesMax = undefined;
      watch.rested(one, 1000);
      other.taskBytesMax = 2 * GiB;
      other.ownBytes += GiB;
      watch.look();
      expect(other.ended).toBeUndefined();
      vi.advanceTimersByTime(600);
      watch.look();
      expect(other.ended).toBeDefined();
    } finally {
      vi.useRealTimers();
    }
  });
});
