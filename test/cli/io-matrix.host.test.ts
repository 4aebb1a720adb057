/** Kinds of input that the host has to be changed for: a block device, an overlay. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workspace } from '../ingest/binary.ts';
import { askFile, FLAGS, wholeBlocks, wrong } from './io-matrix.ts';

const TEXT = wholeBlocks(4096);
const expected = `n,s\n30003,${(30_003 * 30_002) / 2}\n`;

const full = process.env['NAIROBI_TEST_FULL'] === '1';
/** Each --io and each --direct; all pairs of them in test:full. */
const WAYS = full ? FLAGS : FLAGS.filter((_, at) => [0, 4, 8, 9].includes(at));

function problems(file: string): string[] {
  const kind = { ask: (flags: readonly string[]) => askFile(file, flags), expected };
  return WAYS.flatMap((flags) => wrong(kind, flags) ?? []);
}

/** Undefined, and why, where the host does not allow it. */
function attempt(command: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch (error) {
    console.log(`${command}: ${error instanceof Error ? error.message.trim() : ''}`);
    return undefined;
  }
}

test('a loop device is read by every way', ({ skip }) => {
  using room = workspace('loop');
  const image = join(room.path, 'image');
  writeFileSync(image, TEXT);
  const device = attempt('losetup', '--find', '--show', '--read-only', image);
  if (device === undefined) return skip('no loop device');
  try {
    expect(problems(device)).toEqual([]);
  } finally {
    execFileSync('losetup', ['--detach', device]);
  }
}, 60_000);

test('a file of an overlay is read by every way', ({ skip }) => {
  using room = workspace('overlay');
  const [lower = '', upper, work, merged = ''] = ['lower', 'upper', 'work', 'merged'].map(
    (name) => {
      mkdirSync(join(room.path, name));
      return join(room.path, name);
    },
  );
  writeFileSync(join(lower, 'data.csv'), TEXT);
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const mounted = attempt('mount', '-t', 'overlay', 'overlay', '-o', options, merged);
  if (mounted === undefined) return skip('no overlay');
  try {
    expect(problems(join(merged, 'data.csv'))).toEqual([]);
  } finally {
    execFileSync('umount', [merged]);
  }
}, 60_000);
