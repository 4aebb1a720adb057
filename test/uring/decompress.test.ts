import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { NairobiError } from '../../src/errors.ts';
import type { CodecName } from '../../src/kernel/codecs/codec.ts';
import { openCodec } from '../../src/kernel/codecs/open-codec.ts';
import { Pool } from '../../src/memory/pool.ts';
import { bytes, MiB } from '../../src/units.ts';
import { decompressBuiltIn } from '../../src/uring/built-in-codec.ts';
import { readContent } from '../../src/uring/content.ts';
import { readDecompressed } from '../../src/uring/decompress.ts';
import { openReader } from '../../src/uring/read-file.ts';
import { openSource } from '../../src/uring/source.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-decompress-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TOOLS: Readonly<Record<CodecName, string>> = {
  gz: 'gzip',
  zst: 'zstd',
  bz2: 'bzip2',
  xz: 'xz',
  lz4: 'lz4',
};

const TEXT = Buffer.from(
  Array.from({ length: 40_000 }, (_, row) => `${row},${Math.imul(row, 2654435761)},x\n`).join(''),
);

const compressed = new Map<string, Buffer | undefined>();

/** Once for each text and tool: xz takes its time. */
function compress(content: Buffer, name: CodecName): Buffer | undefined {
  const key = `${name} ${content.byteOffset} ${content.length}`;
  if (!compressed.has(key)) compressed.set(key, runTool(content, name));
  return compressed.get(key);
}

function runTool(content: Buffer, name: CodecName): Buffer | undefined {
  const run = spawnSync(TOOLS[name], ['-c', '-q'], { input: content, maxBuffer: 2 ** 30 });
  return run.error === undefined && run.status === 0 ? run.stdout : undefined;
}

function write(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function decompress(path: string, name: CodecName, options: object = {}): Buffer {
  using pool = new Pool();
  using reader = openReader('auto');
  const result = readDecompressed(path, name, { pool, reader, ...options });
  using lease = result.lease;
  return Buffer.from(lease.bytes(0, result.byteLength));
}

function thrown(work: () => unknown): NairobiError {
  try {
    work();
  } catch (error) {
    return error as NairobiError;
  }
  throw new Error('nothing was thrown');
}

describe.each(Object.keys(TOOLS) as CodecName[])('%s', (name) => {
  test('what its own tool compressed comes back, whatever the block size', (context) => {
    using codec = openCodec(name);
    const packed = compress(TEXT, name);
    if (codec === undefined || packed === undefined) return context.skip(`no ${name} on this host`);
    const path = write(`whole.${name}`, packed);
    for (const blockBytes of [4096, 65_536, MiB]) {
      expect(decompress(path, name, { blockBytes }).equals(TEXT)).toBe(true);
    }
  });

  test('members that follow each other, and zeros between them, are one text', (context) => {
    const parts = [TEXT.subarray(0, 1000), TEXT.subarray(1000, 400_000), TEXT.subarray(400_000)];
    const packed = parts.map((part) => compress(part, name));
    if (packed.some((part) => part === undefined)) return context.skip(`no ${name} on this host`);
    const padding = Buffer.alloc(8);
    const whole = Buffer.concat([...(packed as Buffer[]), padding]);
    expect(decompress(write(`members.${name}`, whole), name).equals(TEXT)).toBe(true);
  });

  test('a file that was cut short is an error with the byte', (context) => {
    const packed = compress(TEXT, name);
    if (packed === undefined) return context.skip(`no ${name} on this host`);
    const cut = Math.floor(packed.length * 0.6);
    const path = write(`cut.${name}`, packed.subarray(0, cut));
    const error = thrown(() => decompress(path, name));
    expect(error.message).toMatch(/ends in the middle/);
    expect(error.code).toBe('BAD_DATA');
    expect(error.where?.byte).toBe(cut);
  });

  test('damage and garbage are errors, never other bytes', (context) => {
    const packed = compress(TEXT, name);
    if (packed === undefined) return context.skip(`no ${name} on this host`);
    const damaged = Buffer.from(packed);
    for (let at = Math.floor(damaged.length / 2); at < damaged.length / 2 + 40; at++) {
      damaged[at] = (damaged[at] ?? 0) ^ 0x55;
    }
    const path = write(`damaged.${name}`, damaged);
    expect(thrown(() => decompress(path, name)).code).toBe('BAD_DATA');
    const trailing = Buffer.concat([packed, Buffer.from('not compressed at all')]);
    expect(thrown(() => decompress(write(`tail.${name}`, trailing), name)).code).toBe('BAD_DATA');
  });

  test('an empty text is empty', (context) => {
    const packed = compress(Buffer.alloc(0), name);
    if (packed === undefined) return context.skip(`no ${name} on this host`);
    expect(decompress(write(`empty.${name}`, packed), name)).toHaveLength(0);
  });
});

test('what does not fit the limit is MEMORY_LIMIT', () => {
  const packed = compress(Buffer.alloc(20 * MiB), 'gz') as Buffer;
  using pool = new Pool({ limitBytes: bytes(16 * MiB) });
  using reader = openReader('auto');
  const path = write('large.gz', packed);
  const error = thrown(() => readDecompressed(path, 'gz', { pool, reader }));
  expect(error.code).toBe('MEMORY_LIMIT');
});

test('a decompression bomb is stopped', (context) => {
  const zeros = compress(Buffer.alloc(32 * MiB), 'bz2');
  if (zeros === undefined) return context.skip('no bzip2 on this host');
  const path = write('bomb.bz2', Buffer.concat(Array.from({ length: 12 }, () => zeros)));
  expect(thrown(() => decompress(path, 'bz2')).message).toMatch(/a decompression bomb/);
});

test.each(['auto', 'pread'] as const)('content is what is inside, with --io %s', (io) => {
  using pool = new Pool();
  const detect = (head: Uint8Array): CodecName | undefined => (head[0] === 0x1f ? 'gz' : undefined);
  const packed = compress(TEXT, 'gz') as Buffer;
  for (const [path, compression] of [
    [write('packed', packed), 'gz'],
    [write('plain', TEXT), undefined],
  ] as const) {
    const content = readContent(path, { pool, io, detect });
    using lease = content.lease;
    expect(content.compression).toBe(compression);
    expect(lease.bytes(0, content.byteLength).equals(TEXT)).toBe(true);
  }
  const fifo = join(folder, `content-${io}`);
  spawnSync('mkfifo', [fifo]);
  spawn('sh', ['-c', `cat "$1" > "$2"`, 'sh', join(folder, 'packed'), fifo], { stdio: 'ignore' });
  const piped = readContent(fifo, { pool, io, detect });
  expect(piped.lease.bytes(0, piped.byteLength).equals(TEXT)).toBe(true);
  expect(piped.compression).toBe('gz');
  piped.lease.release();
});

test.each(['gz', 'zst'] as const)('%s is decompressed by what Node carries, too', (name) => {
  using pool = new Pool();
  using reader = openReader('auto');
  const packed = compress(TEXT, name);
  if (packed === undefined) return;
  using source = openSource(write(`own.${name}`, packed), { pool, reader });
  const { lease, byteLength } = decompressBuiltIn(source, name, pool);
  expect(lease.bytes(0, byteLength).equals(TEXT)).toBe(true);
  lease.release();
  const twice = write(`own-twice.${name}`, Buffer.concat([packed, Buffer.alloc(9), packed]));
  using members = openSource(twice, { pool, reader });
  const both = decompressBuiltIn(members, name, pool);
  expect(both.lease.bytes(0, both.byteLength).equals(Buffer.concat([TEXT, TEXT]))).toBe(true);
  both.lease.release();
  const cut = write(`own-cut.${name}`, packed.subarray(0, packed.length >> 1));
  using broken = openSource(cut, { pool, reader });
  expect(thrown(() => decompressBuiltIn(broken, name, pool)).code).toBe('BAD_DATA');
});

test('a compressed pipe is decompressed as it arrives', () => {
  const fifo = join(folder, 'fifo.gz');
  spawnSync('mkfifo', [fifo]);
  const path = write('for-fifo.gz', compress(TEXT, 'gz') as Buffer);
  spawnSync('sh', ['-c', `cat "$1" > "$2" &`, 'sh', path, fifo], { stdio: 'ignore' });
  expect(decompress(fifo, 'gz').equals(TEXT)).toBe(true);
  expect(readFileSync(path).length).toBeGreaterThan(0);
});

test('a .zst that states its size is decompressed by one library, not by two', (context) => {
  using codec = openCodec('zst');
  if (codec === undefined) return context.skip('no libzstd on this host');
  const path = write('sized.zst', zstdCompressSync(TEXT));
  expect(decompress(path, 'zst').equals(TEXT)).toBe(true);
});
