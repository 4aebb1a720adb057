/** Opens the files of a source: each through the reader into the pool's memory. */
import { DETECT_BYTES, detectCompression } from '../formats/detect.ts';
import type { ReadOptions } from '../formats/options.ts';
import { IN_PLACE_BYTES_MAX, IN_PLACE_BYTES_MIN, IN_PLACE_CACHED_SHARE } from '../limits.ts';
import type { Pool } from '../memory/pool.ts';
import { SteadyFile } from '../memory/steady-file.ts';
import type { BlockReader } from '../uring/block-reader.ts';
import { cachedShare } from '../uring/input-file.ts';
import { readFile } from '../uring/read-file.ts';
import type { InputFile } from './files.ts';
import { InPlacePiece } from './in-place-piece.ts';
import { MemoryPiece } from './memory-piece.ts';
import type { Piece } from './piece.ts';
import type { HostPlan } from './plan.ts';
import type { Reporter } from './report.ts';

export interface OpenContext {
  readonly plan: HostPlan;
  readonly read: ReadOptions;
  readonly pool: Pool;
  readonly reader: BlockReader;
  readonly reporter: Reporter;
}

/** All files or none: what was opened is closed again when one fails. */
export function openPieces(files: readonly InputFile[], context: OpenContext): Piece[] {
  const pieces: Piece[] = [];
  try {
    for (const file of files) pieces.push(openPiece(file, context));
    return pieces;
  } catch (error) {
    for (const piece of pieces.reverse()) piece.close();
    throw error;
  }
}

function openPiece(file: InputFile, context: OpenContext): Piece {
  const steady = mayStayInPlace(file, context) ? holdCached(file, context.plan) : undefined;
  if (steady === undefined) return openInMemory(file, context);
  const { read, reporter } = context;
  try {
    const piece = new InPlacePiece(file, steady, read, (types) =>
      openInMemory(file, types === undefined ? context : { ...context, read: { ...read, types } }),
    );
    reporter.set({ backend: 'mmap' });
    reporter.addBytesRead(file.size);
    return piece;
  } catch (error) {
    steady[Symbol.dispose]();
    throw error;
  }
}

/** What is in the page cache anyway is best scanned there: no copy, no memory of ours. */
function mayStayInPlace(file: InputFile, { plan }: OpenContext): boolean {
  if (file.kind !== 'regular' || file.size > IN_PLACE_BYTES_MAX || file.size === 0) return false;
  if (plan.io === 'mmap') return true;
  const fits = file.size >= IN_PLACE_BYTES_MIN && file.size <= plan.memoryLimit / 2;
  return plan.io === 'auto' && plan.direct !== 'always' && fits;
}

/** The file held still, when it is in the page cache and not compressed. */
function holdCached(file: InputFile, plan: HostPlan): SteadyFile | undefined {
  const steady = SteadyFile.hold(file.path);
  if (steady === undefined) return undefined;
  const isCompressed = detectCompression(steady.bytes.subarray(0, DETECT_BYTES)) !== undefined;
  const isCached =
    plan.io === 'mmap' || cachedShare(steady.fd, steady.bytes.length) >= IN_PLACE_CACHED_SHARE;
  if (isCached && !isCompressed) return steady;
  steady[Symbol.dispose]();
  return undefined;
}

function openInMemory(file: InputFile, context: OpenContext): Piece {
  const { plan, pool, reader, reporter } = context;
  const { io, direct } = plan;
  const content = reporter.time('io', () => readFile(file.path, { io, direct, pool, reader }));
  reporter.set(content.facts);
  reporter.addBytesRead(content.byteLength);
  try {
    return new MemoryPiece(file, content, context.read, reporter);
  } catch (error) {
    content.lease.release();
    throw error;
  }
}
