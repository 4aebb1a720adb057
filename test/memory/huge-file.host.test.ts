/** Files on reserved huge pages where the host runs out of them: refused, never a SIGBUS. */
import { fstatSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { close } from '../../src/kernel/calls.ts';
import { SYS } from '../../src/kernel/constants.ts';
import { interpose } from '../../src/kernel/syscall.ts';
import { HUGE_PAGE_BYTES } from '../../src/limits.ts';
import { mapFile } from '../../src/memory/file-map.ts';
import { hugeFile } from '../../src/memory/huge-file.ts';
import { spareHugePages } from '../../src/memory/region.ts';
import { hasSysctl } from '../host/launch.ts';
import { withSysctl } from '../host/sysctl.ts';

const HUGE = '/proc/sys/vm/nr_hugepages';
const PAGES = 8;
const ENOMEM = 12;

const descriptors = (): number => readdirSync('/proc/self/fd').length;
const filled = (bytes: Buffer): void => {
  bytes.fill(5);
};

describe.skipIf(!hasSysctl(HUGE))('with a few reserved huge pages', () => {
  test('what does not fit them any more is refused, and what has them keeps them', async (context) => {
    await withSysctl(HUGE, PAGES, () => {
      const spare = spareHugePages();
      if (spare < 2) context.skip('the host gives no huge pages now');
      const before = descriptors();
      const first = hugeFile('first', (spare - 1) * HUGE_PAGE_BYTES, filled);
      if (first === undefined) return context.skip('somebody else took them');
      expect(hugeFile('second', spare * HUGE_PAGE_BYTES, filled)).toBeUndefined();
      expect(descriptors()).toBe(before + 1);
      expect(mapFile(first).at(-1)).toBe(5);
      expect(fstatSync(first).size).toBe((spare - 1) * HUGE_PAGE_BYTES);
      close(first);
    });
  });

  test.each(['ftruncate', 'mmap', 'madvise'] as const)(
    'and so is what %s refuses',
    async (call) => {
      await withSysctl(HUGE, PAGES, () => {
        const before = descriptors();
        using _ = interpose(
          (real) =>
            (number, ...args) =>
              number === SYS[call] ? -ENOMEM : real(number, ...args),
        );
        expect(hugeFile('refused', HUGE_PAGE_BYTES, filled)).toBeUndefined();
        expect(descriptors()).toBe(before);
      });
    },
  );
});
