import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const at = (path: string): string => new URL(`../../src/${path}`, import.meta.url).pathname;

/**
 * What fontconfig brings when a picture is drawn: the host's zlib and zstd, bound as usual, so that
 * their calls into themselves go to Node's. Chunks of malloc beside their states show what was
 * written beyond these.
 */
const UNPACK = `
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { openCodec } from '${at('kernel/codecs/open-codec.ts')}';
import { koffiModule, addressOf } from '${at('kernel/syscall.ts')}';
for (const name of ['libz.so.1', 'libzstd.so.1']) {
  try { koffiModule().load(name); } catch { console.log('lacks', name); }
}
const text = Buffer.from('a,b\\n1,2\\n'.repeat(20000));
for (const [name, packed] of [['gz', gzipSync(text)], ['zst', zstdCompressSync(text)]]) {
  for (let round = 0; round < 200; round += 1) {
    const codec = openCodec(name);
    const out = Buffer.alloc(text.length);
    for (let turn = 0; turn < 2; turn += 1) {
      const step = codec.step(addressOf(packed), packed.length, addressOf(out), out.length);
      if (step.produced !== text.length || !out.equals(text)) throw new Error(name + ' is wrong');
      codec.restart();
    }
    codec[Symbol.dispose]();
  }
}
console.log('whole');
`;

test('codecs are right where something else has loaded the libraries of the host', () => {
  const env = { ...process.env, GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0' };
  const args = ['--input-type=module-typescript', '-e', UNPACK];
  const { stdout, stderr, signal } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  expect({ stdout: stdout.trim().split('\n').at(-1), signal }, stderr).toEqual({
    stdout: 'whole',
    signal: null,
  });
});
