import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './sources.ts';

/** The largest that belongs here is a font. */
const MAX_FILE_BYTES = 2 ** 20;

const listed = spawnSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
const isCheckout = listed.status === 0 && listed.stdout !== '';

test.skipIf(!isCheckout)('the checkout holds no dump and no data (skipped outside of git)', () => {
  const files = listed.stdout.split('\0').filter((name) => name !== '');
  const isLarge = (name: string): boolean =>
    (statSync(path.join(ROOT, name), { throwIfNoEntry: false })?.size ?? 0) > MAX_FILE_BYTES;
  expect(files.filter(isLarge)).toEqual([]);
  expect(files.filter((name) => /(^|\/)(core(\.\d+)?|\d+)$/.test(name))).toEqual([]);
});
