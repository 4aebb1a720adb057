/** The flags of ingest. */
import * as Flags from '@oclif/core/flags';
import type { TextFormat } from '../../ingest/sources/text-plan.ts';
import { durationFlag, sizeFlag } from '../base.ts';
import { readFlags, schemaFlag } from '../read-flags.ts';

const TARGET = 'TARGET';
const READING = 'INPUT';
const MAINTENANCE = 'MAINTENANCE';
const RERUN = 'RUNNING AGAIN';
const TRANSFORM = 'TRANSFORM';

export const TEXT_FORMATS = [
  'csv',
  'tsv',
  'psv',
  'ndjson',
  'influx',
] as const satisfies readonly TextFormat[];

export const ingestFlags = {
  output: Flags.string({
    char: 'o',
    summary: 'A file (.parquet, .arrow, .csv, .ndjson) or a directory for a dataset',
    helpValue: 'TARGET',
    helpGroup: TARGET,
  }),
  exec: Flags.string({
    summary:
      'Run the command that follows, to the end of the line, with the rows as an Arrow file in memory: its path is in NAIROBI_DATA, its descriptor is 3',
    helpValue: 'COMMAND...',
    helpGroup: TARGET,
    exclusive: [
      'output',
      'state',
      'final',
      'partition-by',
      'part-size',
      'compression',
      'follow',
      'flush',
      'compact',
      'keep',
      'rejects',
      'max-errors',
      'after',
      'min-age',
      'lock',
      'lock-wait',
      'metrics',
    ],
  }),
  'partition-by': Flags.string({
    summary: 'Directories of a dataset: columns, or year, month, day, hour of a time',
    helpValue: 'day(ts),device',
    helpGroup: TARGET,
  }),
  compression: Flags.option({
    options: ['zstd', 'snappy', 'lz4', 'gzip', 'uncompressed'] as const,
  })({
    summary: 'How Parquet pages are compressed',
    default: 'zstd',
    helpGroup: TARGET,
  }),
  'part-size': sizeFlag({
    summary: 'Begin another part when one has grown beyond this (default: 256MiB)',
    helpGroup: TARGET,
  }),
  ...schemaFlag,
  ...readFlags,
  'input-format': Flags.option({ options: TEXT_FORMATS })({
    summary: 'The format of the input, instead of what its bytes and its name say',
    helpGroup: READING,
    helpValue: 'FORMAT',
  }),
  'on-error': Flags.option({ options: ['fail', 'skip', 'null', 'quarantine'] as const })({
    summary:
      'What a bad row does: end the run (the default for files), be left out, have nulls, go to --rejects',
    helpGroup: READING,
  }),
  rejects: Flags.string({
    summary: 'Write rejected rows here, as NDJSON with line, byte, column and reason',
    helpValue: 'FILE',
    helpGroup: READING,
  }),
  'max-errors': Flags.string({
    summary: 'Fail, and commit nothing, when more rows are bad: a count or a share such as 1%',
    helpValue: 'N|P%',
    helpGroup: READING,
  }),
  state: Flags.string({
    summary: 'Remember here what was read, and read only what is new',
    helpValue: 'FILE',
    helpGroup: RERUN,
  }),
  final: Flags.boolean({
    summary: 'With --state: a last record without a line end is complete',
    helpGroup: RERUN,
  }),
  'min-age': durationFlag({
    summary: 'Leave files alone that changed more recently: they may be half written',
    helpGroup: RERUN,
  }),
  select: Flags.string({
    summary: 'Columns and expressions to write, as SQL has them',
    helpValue: 'LIST',
    helpGroup: TRANSFORM,
  }),
  where: Flags.string({
    summary: 'Write only the rows for which this SQL condition holds',
    helpValue: 'CONDITION',
    helpGroup: TRANSFORM,
  }),
  rename: Flags.string({
    summary: 'Other names for columns',
    helpValue: 'OLD=NEW,...',
    helpGroup: TRANSFORM,
    multiple: true,
    multipleNonGreedy: true,
  }),
  sql: Flags.string({
    summary: 'Write the result of this query; the rows are the table "input"',
    helpValue: 'QUERY',
    helpGroup: TRANSFORM,
  }),
  dedupe: Flags.string({
    summary: 'Of the rows of a run with the same values in these columns, write the first',
    helpValue: 'COLUMNS',
    helpGroup: TRANSFORM,
  }),
  downsample: Flags.string({
    summary: 'One row for each such stretch of time and each group',
    helpValue: '1m',
    helpGroup: TRANSFORM,
  }),
  agg: Flags.string({
    summary: 'With --downsample: mean, min, max, sum, count, first, last, median, std',
    helpValue: 'LIST',
    helpGroup: TRANSFORM,
  }),
  by: Flags.string({
    summary: 'With --downsample: the columns of a group (default: all text and truth values)',
    helpValue: 'COLUMNS',
    helpGroup: TRANSFORM,
  }),
  sort: Flags.string({
    summary: 'Sort the rows of a run by these columns; -ts is descending',
    helpValue: 'COLUMNS',
    helpGroup: TRANSFORM,
  }),
  follow: Flags.boolean({
    char: 'f',
    summary: 'Go on reading what the files gain, also over rotation, until told to stop',
    helpGroup: RERUN,
  }),
  flush: durationFlag({
    summary: 'With --follow and with addresses: commit this often (default: 5s)',
    helpGroup: RERUN,
  }),
  after: Flags.string({
    summary: 'What becomes of a file once its rows are committed: keep, delete or move:DIR',
    helpValue: 'WHAT',
    default: 'keep',
    helpGroup: RERUN,
  }),
  compact: Flags.boolean({
    summary: 'Merge the small parts of a dataset; with no -o, of the one that is named',
    helpGroup: MAINTENANCE,
  }),
  keep: durationFlag({
    summary: 'Drop the partitions of a dataset (day=, month=, ...) that ended longer ago',
    helpGroup: MAINTENANCE,
  }),
  metrics: Flags.string({
    summary: 'Write the figures of the run here for a Prometheus textfile collector',
    helpValue: 'FILE.prom',
    helpGroup: MAINTENANCE,
  }),
  'log-format': Flags.option({ options: ['text', 'json'] as const })({
    summary: 'How notes on stderr look',
    default: 'text',
    helpGroup: MAINTENANCE,
  }),
  lock: Flags.string({
    summary: 'Hold this lock while running; exit with 75 when another run has it',
    helpValue: 'FILE',
    helpGroup: RERUN,
  }),
  'lock-wait': durationFlag({
    summary: 'Wait this long for a lock before giving up',
    helpGroup: RERUN,
  }),
};
