import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { SYS } from '../../src/kernel/constants.ts';
import { ERRNO, KernelError } from '../../src/kernel/errno.ts';
import { interpose } from '../../src/kernel/syscall.ts';
import { Pool } from '../../src/memory/pool.ts';
import { bytes, MiB } from '../../src/units.ts';
import { openReader, readFile } from '../../src/uring/read-file.ts';
import { sample } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-read-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: Buffer | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const SIZES = [1, 511, 4096, 4097, 1024 * 1024, 5 * 1024 * 1024 + 123, 17 * 1024 * 1024];

describe.each(['auto', 'pread'] as const)('with --io %s', (io) => {
  test.each(SIZES)('a file of %d bytes is read as it is, buffered and direct', (size) => {
    using pool = new Pool();
    const content = sample(size);
    const path = write(`size-${size}`, content);
    for (const direct of ['auto', 'always', 'never'] as const) {
      const result = readFile(path, { pool, io, direct });
      using lease = result.lease;
      expect(result.byteLength).toBe(size);
      expect(lease.bytes(0, size).equals(content)).toBe(true);
      expect(result.facts.pageKind).toBe(lease.pageKind);
    }
  });

  test('ranges land where the result says', () => {
    using pool = new Pool();
    const content = sample(3_000_000);
    const path = write('ranges', content);
    const ranges = [
      { offset: 2_999_990, byteLength: 10 },
      { offset: 0, byteLength: 4 },
      { offset: 12_345, byteLength: 1_500_000 },
    ];
    for (const direct of ['always', 'never'] as const) {
      const result = readFile(path, { pool, io, direct, ranges });
      using lease = result.lease;
      for (const { offset, byteLength, at } of result.placed) {
        const expected = content.subarray(offset, offset + byteLength);
        expect(lease.bytes(at, byteLength).equals(expected)).toBe(true);
      }
    }
  });

  test('a file of /proc, whose size says 0, is read to its end', () => {
    using pool = new Pool();
    const result = readFile('/proc/cpuinfo', { pool, io });
    using lease = result.lease;
    expect(lease.bytes(0, result.byteLength).toString()).toMatch(/processor|CPU/);
  });

  test('an empty file is no bytes', () => {
    using pool = new Pool();
    const result = readFile(write('empty', ''), { pool, io });
    expect(result.byteLength).toBe(0);
    result.lease.release();
  });

  test('a missing file and a directory are errors that say so', () => {
    using pool = new Pool();
    expect(() => readFile(join(folder, 'missing'), { pool, io })).toThrow(/no such file.*ENOENT/);
    mkdirSync(join(folder, 'sub'), { recursive: true });
    expect(() => readFile(join(folder, 'sub'), { pool, io })).toThrow(/it is a directory/);
  });
});

test('the end of a file read with O_DIRECT is right wherever it lies, in blocks of any size', () => {
  using pool = new Pool();
  const content = sample(3 * 16_384);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: content.length }),
      fc.nat({ max: 20_000 }),
      fc.constantFrom(4096, 8192, 12_288, 16_384),
      fc.constantFrom('uring', 'pread'),
      (size, offset, blockBytes, io) => {
        const path = write('tail', content.subarray(0, size));
        using reader = openReader(io === 'uring' ? 'auto' : 'pread', { blockBytes });
        const from = offset % size;
        const ranges = [{ offset: from, byteLength: size - from }];
        for (const options of [{}, { ranges }]) {
          const read = readFile(path, { pool, reader, direct: 'always', ...options });
          const expected = content.subarray('ranges' in options ? from : 0, size);
          const at = read.placed[0]?.at ?? 0;
          expect(read.lease.bytes(at, read.byteLength).equals(expected)).toBe(true);
          read.lease.release();
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a large file is read right while its memory is being faulted in', () => {
  using pool = new Pool();
  const content = sample(40 * MiB + 5);
  const path = write('large', content);
  for (const direct of ['always', 'never'] as const) {
    const { lease, byteLength } = readFile(path, { pool, direct });
    expect(lease.bytes(0, byteLength).equals(content)).toBe(true);
    lease.release();
    pool.trim();
  }
});

test('a file that grows while it is read is what it was when it was opened', async () => {
  using pool = new Pool();
  const path = write('grows', sample(2 * MiB));
  const program = `
    const { appendFileSync } = require('node:fs');
    const { workerData, parentPort } = require('node:worker_threads');
    parentPort.postMessage('up');
    for (let count = 0; count < 300; count++) appendFileSync(workerData, Buffer.alloc(4097, 1));`;
  const worker = new Worker(program, { eval: true, workerData: path });
  const gone = once(worker, 'exit');
  await once(worker, 'message');
  for (let round = 0; round < 20; round++) {
    const direct = round % 2 === 0 ? 'always' : 'never';
    const { lease, byteLength } = readFile(path, { pool, direct });
    const bytes = lease.bytes(0, byteLength);
    expect(bytes.subarray(0, 2 * MiB).equals(sample(2 * MiB))).toBe(true);
    expect(bytes.subarray(2 * MiB).every((byte) => byte === 1)).toBe(true);
    lease.release();
  }
  await gone;
});

test('a range beyond the end of the file is an error, not bytes of something else', () => {
  using pool = new Pool();
  const path = write('short', sample(10_000));
  const ranges = [{ offset: 8_000, byteLength: 4_000 }];
  expect(() => readFile(path, { pool, ranges })).toThrow(/became shorter.*ends at byte 10000/);
});

test.each([
  ['EPERM', /sysctl kernel.io_uring_disabled/],
  ['ENOSYS', /seccomp profile hides it/],
  ['EACCES', /security policy/],
  ['ENOMEM', /RLIMIT_MEMLOCK/],
] as const)(
  'when io_uring answers %s the file is read by preadv2, with the reason',
  (name, why) => {
    using _refused = interpose(
      (real) =>
        (number, ...args) =>
          number === SYS.io_uring_setup ? -ERRNO[name] : real(number, ...args),
    );
    using pool = new Pool();
    const result = readFile('/etc/passwd', { pool });
    expect(result.facts.backend).toBe('preadv2');
    expect(result.facts.fallbackReason).toMatch(why);
    expect(result.lease.bytes(0, result.byteLength).equals(readFileSync('/etc/passwd'))).toBe(true);
    expect(() => readFile('/etc/passwd', { pool, io: 'uring' })).toThrow(KernelError);
  },
);

test('one reader serves many files', () => {
  using pool = new Pool();
  using reader = openReader('auto');
  for (let index = 0; index < 20; index++) {
    const content = sample(100_000 + index);
    const result = readFile(write('many', content), { pool, reader, direct: 'never' });
    using lease = result.lease;
    expect(lease.bytes(0, result.byteLength).equals(content)).toBe(true);
  }
});

test('a pipe is read in order to its end, whatever the sizes it is written in', () => {
  using pool = new Pool();
  const fifo = join(folder, 'fifo');
  spawnSync('mkfifo', [fifo]);
  const content = sample(5_000_000);
  const path = write('for-fifo', content);
  const script = `for i in 1 2 3; do head -c 1000 "$1"; sleep 0.01; done; cat "$1"`;
  const child = spawn('sh', ['-c', `(${script}) > "$2"`, 'sh', path, fifo]);
  const result = readFile(fifo, { pool });
  using lease = result.lease;
  child.kill();
  const start = content.subarray(0, 1000);
  const expected = Buffer.concat([start, start, start, content]);
  expect(result.byteLength).toBe(expected.byteLength);
  expect(lease.bytes(0, result.byteLength).equals(expected)).toBe(true);
  expect(result.facts.backend).toBe('read');
});

test('a pipe longer than the limit is an error, not half of it', () => {
  using pool = new Pool({ limitBytes: bytes(4 * MiB) });
  const fifo = join(folder, 'long-fifo');
  spawnSync('mkfifo', [fifo]);
  const child = spawn('sh', ['-c', `head -c 10000000 /dev/zero > "$1"`, 'sh', fifo]);
  expect(() => readFile(fifo, { pool })).toThrow(/the limit is 4 MiB/);
  child.kill();
});
