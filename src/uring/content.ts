/** The content of a file as formats know it: read whole, and decompressed when it is compressed. */
import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import type { CodecName } from '../kernel/codecs/codec.ts';
import type { Lease } from '../memory/lease.ts';
import type { Pool } from '../memory/pool.ts';
import { MiB } from '../units.ts';
import { decompressSource, readDecompressed } from './decompress.ts';
import { openReader, type ReadOptions, type ReadResult, readFile } from './read-file.ts';
import type { Block, Source } from './source.ts';

export interface ContentOptions extends Omit<ReadOptions, 'ranges'> {
  /** Which compression the first bytes of a file speak of. */
  readonly detect: (head: Uint8Array) => CodecName | undefined;
}

export interface Content extends Omit<ReadResult, 'placed'> {
  readonly compression: CodecName | undefined;
}

const HEAD_BYTES = 16;

/** The first bytes of a regular file; undefined for what can be read only once. */
function headOf(path: string): Uint8Array | undefined {
  let fd: number;
  try {
    // Asked before it is opened: the writer of a FIFO would take our closing for the end. What has
    // become one since keeps nobody waiting.
    if (!statSync(path).isFile()) return undefined;
    fd = openSync(path, constants.O_NONBLOCK);
  } catch {
    return undefined; // whoever reads it says why
  }
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** What lies in memory already, as a source. Releases the lease at its end. */
function memorySource(
  path: string,
  { lease, byteLength, facts }: Omit<ReadResult, 'placed'>,
): Source {
  let offset = 0;
  return {
    path,
    facts,
    pop(): Block | undefined {
      if (offset === byteLength) return undefined;
      const at = offset;
      const length = Math.min(MiB, byteLength - at);
      offset += length;
      return {
        address: lease.address + BigInt(at),
        byteLength: length,
        offset: at,
        bytes: () => lease.bytes(at, length),
        release: () => undefined,
      };
    },
    [Symbol.dispose]: () => lease.release(),
  };
}

/**
 * Reads `path` whole. A compressed file goes through small buffers and only its content is kept; a
 * compressed pipe is kept until it is decompressed. Release the lease when done.
 */
export function readContent(path: string, options: ContentOptions): Content {
  const head = headOf(path);
  const known = head === undefined ? undefined : options.detect(head);
  if (known !== undefined) return decompressFile(path, known, options);
  const raw = readFile(path, options);
  const compression = head === undefined ? options.detect(firstBytes(raw)) : undefined;
  if (compression === undefined) return { ...raw, compression };
  return unpack(path, raw, compression, options.pool);
}

/** What lies compressed in memory, decompressed beside it; takes over its lease. */
export function unpack(
  path: string,
  raw: Omit<ReadResult, 'placed'>,
  compression: CodecName,
  pool: Pool,
): Content {
  const { lease, byteLength } = decompressSource(memorySource(path, raw), compression, pool);
  return { lease, byteLength, compression, facts: { ...raw.facts, pageKind: lease.pageKind } };
}

const firstBytes = ({ lease, byteLength }: { lease: Lease; byteLength: number }): Uint8Array =>
  lease.bytes(0, Math.min(HEAD_BYTES, byteLength));

function decompressFile(path: string, compression: CodecName, options: ContentOptions): Content {
  const reader = options.reader ?? openReader(options.io, options);
  try {
    const source = { pool: options.pool, reader, direct: options.direct ?? 'auto' };
    const { lease, byteLength, facts } = readDecompressed(path, compression, source);
    return { lease, byteLength, compression, facts: { ...facts, pageKind: lease.pageKind } };
  } finally {
    if (options.reader === undefined) reader[Symbol.dispose]();
  }
}
