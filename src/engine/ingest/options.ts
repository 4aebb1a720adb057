/** What ingest is asked for and what it answers. */
import type { Column } from '../../compute/relation.ts';
import type { ReadOptions } from '../../formats/options.ts';
import { readableTypes, type TableSchema } from '../../formats/schema-file.ts';
import type { After } from '../../ingest/commit/after.ts';
import type { Totals } from '../../ingest/commit/record.ts';
import type { Change } from '../../ingest/commit/resume.ts';
import type { BadRows } from '../../ingest/decode/decoder.ts';
import type { ErrorBudget } from '../../ingest/decode/rejects.ts';
import type { TextFormat } from '../../ingest/sources/text-plan.ts';
import type { TargetOptions } from '../../ingest/targets/open-target.ts';
import type { HostOptions } from '../options.ts';
import type { TransformWishes } from './transform.ts';

export interface IngestOptions {
  readonly sources: readonly string[];
  readonly target: TargetOptions;
  readonly format: TextFormat | undefined;
  /** Read a last record that has no line end, although there is a state. */
  readonly final: boolean;
  readonly onError: BadRows;
  readonly rejects: string | undefined;
  readonly maxErrors: ErrorBudget | undefined;
  /** A lock file beside those that the target needs. */
  readonly lock: string | undefined;
  readonly lockWaitMs: number;
  /** Files changed more recently are left for the next run: they may be half written. */
  readonly minAgeMs: number;
  /** What becomes of a file once its rows are committed. */
  readonly after: After;
  readonly transform: TransformWishes;
  readonly read: ReadOptions;
  /** What every source has to be like. */
  readonly schema: TableSchema | undefined;
  readonly host: HostOptions;
}

export interface IngestedSource {
  readonly path: string;
  readonly change: Change;
  /** Bytes of its content consumed before this run and after it. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

export interface IngestResult {
  readonly target: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly rows: Totals;
  /** Values made null by --on-error null. */
  readonly nulledValues: number;
  readonly columns: readonly Column[];
  readonly sources: readonly IngestedSource[];
  readonly notes: readonly string[];
}

/** The types of the schema, which then are what a value has to be, and those given beside it. */
export function readOf({ read, schema }: IngestOptions): ReadOptions {
  if (schema === undefined) return read;
  return { ...read, types: { ...readableTypes(schema), ...read.types }, typesMayLack: true };
}
