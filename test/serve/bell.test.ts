import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Bell, hangBell } from '../../src/serve/bell.ts';

const rope = hangBell();
const [ringer, listener] = [new Bell(rope), new Bell(rope)];
afterEach(() => listener.close());

describe('a bell between threads', () => {
  test('wakes the event loop of who listens, once for all that was rung', async () => {
    let heard = 0;
    listener.listen(() => {
      heard += 1;
    });
    ringer.ring();
    ringer.ring();
    await sleep(20);
    expect(heard).toBe(1);
    ringer.ring();
    await sleep(20);
    expect(heard).toBe(2);
    // What it was rung for came before anybody heard it.
    ringer.ring();
    listener.hush();
    await sleep(20);
    expect(heard).toBe(2);
  });
});
