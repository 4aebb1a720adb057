import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Patience } from '../../src/serve/patience.ts';

/** How long a request waits before it is answered with what went wrong. */
async function waited(patience: Patience): Promise<{ ms: number; code: string }> {
  const start = performance.now();
  const never = new Promise<void>(() => undefined);
  const error = await patience.wait(never).then(
    () => undefined,
    (thrown: { code: string }) => thrown,
  );
  return { ms: performance.now() - start, code: error?.code ?? '' };
}

describe('requests that wait, with one timer for all', () => {
  test('are given up, none before its time, also those that came later and wait less', async () => {
    const all = [60, 20, 40, 21].map(async (timeoutMs) => {
      const { ms, code } = await waited(new Patience(timeoutMs));
      expect(code).toBe('TIMEOUT');
      expect(ms).toBeGreaterThanOrEqual(timeoutMs - 2);
    });
    await Promise.all(all);
  });

  test('that were answered are left alone, and those behind them are not forgotten', async () => {
    const first = new Patience(10);
    const second = new Patience(30);
    first.end();
    expect(await waited(second)).toMatchObject({ code: 'TIMEOUT' });
    await sleep(5);
    expect(first.isOver).toBe(false);
  });

  test('may wait for longer than a timer can', async () => {
    const patience = new Patience(Number.MAX_SAFE_INTEGER);
    expect(await patience.wait(sleep(20).then(() => 'an answer'))).toBe('an answer');
    expect(patience.isOver).toBe(false);
    patience.end();
  });
});
