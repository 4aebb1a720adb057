/** Opens the files of a source: each through the reader into the pool's memory. */
import type { ReadOptions } from '../formats/options.ts';
import type { Pool } from '../memory/pool.ts';
import type { BlockReader } from '../uring/block-reader.ts';
import { readFile } from '../uring/read-file.ts';
import type { InputFile } from './files.ts';
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
