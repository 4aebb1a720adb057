/** From -o to a target. */
import { statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { NairobiError } from '../../errors.ts';
import type { Bytes } from '../../units.ts';
import type { Codec } from '../parquet/writer.ts';
import { DatasetTarget, PART_BYTES } from './dataset.ts';
import { lockPath } from './layout.ts';
import { type FileFormat, FileTarget } from './single-file.ts';
import type { Target } from './target.ts';

export type TargetKind = 'dataset' | 'sqlite' | 'postgres' | FileFormat;

export interface TargetOptions {
  readonly output: string;
  readonly kind: TargetKind;
  /** The table of a database. */
  readonly table: string;
  readonly codec: Codec;
  readonly partitionBy: string | undefined;
  readonly statePath: string | undefined;
  readonly lockPath: string | undefined;
  readonly partBytes: Bytes;
}

export interface TargetWishes {
  readonly output: string;
  readonly format: FileFormat | undefined;
  readonly codec: Codec | undefined;
  readonly partitionBy: string | undefined;
  readonly state: string | undefined;
  readonly partBytes: Bytes | undefined;
}

const BY_EXTENSION: Readonly<Record<string, FileFormat>> = {
  '.parquet': 'parquet',
  '.pq': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.ipc': 'arrow',
  '.csv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};

/**
 * What the flags mean: a directory, or a name that ends in "/" or has no extension, is a dataset.
 */
export function targetOptions(wishes: TargetWishes): TargetOptions {
  const [place = '', table = DEFAULT_TABLE] = splitTable(wishes.output);
  const kind = wishes.format ?? kindOf(place);
  const isDatabase = kind === 'sqlite' || kind === 'postgres';
  const isDataset = kind === 'dataset';
  if (wishes.partitionBy !== undefined && !isDataset) {
    throw new NairobiError('USAGE', '--partition-by needs a directory to write into', {
      hint: `write -o ${wishes.output.replace(/\.\w+$/, '')}/ for a dataset`,
    });
  }
  const isFileState = wishes.state !== undefined && !isDatabase;
  // A database keeps its state itself, under a name.
  const statePath = isFileState ? resolve(wishes.state ?? '') : wishes.state;
  return {
    output: isDatabase ? place : wishes.output,
    kind,
    table,
    codec: wishes.codec ?? 'zstd',
    partitionBy: wishes.partitionBy,
    statePath,
    lockPath: isDataset
      ? lockPath(resolve(wishes.output))
      : !isFileState
        ? undefined
        : `${statePath}.lock`,
    partBytes: wishes.partBytes ?? PART_BYTES,
  };
}

const DEFAULT_TABLE = 'data';

/** "readings.sqlite#july" -> the file and the table. */
function splitTable(output: string): string[] {
  const isDatabase = /^postgres(ql)?:\/\//.test(output) || /\.(sqlite3?|db)(#|$)/i.test(output);
  return isDatabase ? output.split('#', 2) : [output];
}

/** Rows are renamed into place: of what is no regular file a regular one would be left. */
function refuseSpecial(output: string): void {
  const found = statSync(output, { throwIfNoEntry: false });
  const isStdout = output === '-';
  if (!isStdout && (found === undefined || found.isFile() || found.isDirectory())) return;
  const what = isStdout ? 'standard output' : `${output}, which is a device, a pipe or a socket`;
  throw new NairobiError('USAGE', `Cannot ingest into ${what}`, {
    hint: 'name a file or a directory; "nairobi query" prints rows, and --exec hands them to a command',
  });
}

function kindOf(output: string): TargetKind {
  if (/^postgres(ql)?:\/\//.test(output)) return 'postgres';
  if (/\.(sqlite3?|db)$/i.test(output)) return 'sqlite';
  if (statSync(output, { throwIfNoEntry: false })?.isDirectory() || output.endsWith('/')) {
    return 'dataset';
  }
  refuseSpecial(output);
  const extension = extname(output).toLowerCase();
  const isFile = statSync(output, { throwIfNoEntry: false })?.isFile() === true;
  if (extension === '' && !isFile) return 'dataset';
  const format = BY_EXTENSION[extension];
  if (format === undefined) {
    throw new NairobiError('USAGE', `Cannot tell the format of ${output} from its name`, {
      hint: `end it in ${Object.keys(BY_EXTENSION).join(', ')}, or in "/" for a dataset`,
    });
  }
  return format;
}

export async function openTarget(options: TargetOptions): Promise<Target> {
  const { output, kind, codec, partitionBy, statePath, partBytes, table } = options;
  if (kind === 'dataset') {
    return new DatasetTarget({ root: output, statePath, partitionBy, codec, partBytes });
  }
  if (kind === 'sqlite') {
    const { SqliteTarget } = await import('./sqlite.ts');
    return new SqliteTarget({ path: output, table, state: statePath });
  }
  if (kind === 'postgres') {
    const { openPostgres } = await import('./postgres.ts');
    return await openPostgres({ url: output, table, state: statePath });
  }
  return new FileTarget({ path: output, format: kind, statePath, codec });
}
