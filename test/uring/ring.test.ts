import { expect, test } from 'vitest';
import { AssertionFailure } from '../../src/errors.ts';
import { prepNop } from '../../src/uring/prep.ts';
import { openRing, refusalReason } from '../../src/uring/probe.ts';
import type { Ring } from '../../src/uring/ring.ts';

function ringOrSkip(context: { skip: (why: string) => void }, entries = 8): Ring {
  try {
    return openRing({ entries }).ring;
  } catch (error) {
    context.skip(refusalReason(error));
    throw error;
  }
}

test('every request comes back once, with its own user data', (context) => {
  using ring = ringOrSkip(context);
  const seen: string[] = [];
  for (let round = 0; round < 100; round++) {
    for (let slot = 0; slot < 8; slot++) {
      const sqe = ring.getSqe();
      expect(sqe).toBeDefined();
      if (sqe !== undefined) prepNop(sqe, { slot, generation: round });
    }
    expect(ring.getSqe()).toBeUndefined();
    ring.submit();
    for (let count = 0; count < 8; count++) {
      const { slot, generation, res } = ring.wait();
      expect(res).toBe(0);
      seen.push(`${generation}:${slot}`);
    }
    expect(ring.peek()).toBeUndefined();
  }
  expect(new Set(seen).size).toBe(800);
});

test('more rings than a task can register are opened and closed without a leak', (context) => {
  for (let count = 0; count < 40; count++) ringOrSkip(context).close();
  const { ring, flagNames } = openRing({ entries: 8 });
  ring.close();
  if (!flagNames.includes('REGISTERED_RING')) context.skip('this kernel registers no rings (5.18)');
});

test('completions beyond the queue are kept by the kernel and fetched', (context) => {
  using ring = ringOrSkip(context);
  const rounds = 8; // 64 completions into a queue of 16
  for (let round = 0; round < rounds; round++) {
    for (let slot = 0; slot < 8; slot++) {
      const sqe = ring.getSqe();
      if (sqe !== undefined) prepNop(sqe, { slot, generation: round });
    }
    ring.submit();
  }
  const seen = new Set<string>();
  while (seen.size < rounds * 8) {
    const { slot, generation } = ring.wait();
    seen.add(`${generation}:${slot}`);
  }
  expect(ring.peek()).toBeUndefined();
});

test('a closed ring refuses to be used', (context) => {
  const ring = ringOrSkip(context);
  ring.close();
  ring.close();
  expect(() => ring.getSqe()).toThrow(AssertionFailure);
});
