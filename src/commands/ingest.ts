/** nairobi ingest SRC... -o TARGET */
import path from 'node:path';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { ingest } from '../engine/ingest.ts';
import type { IngestOptions, IngestResult } from '../engine/ingest-options.ts';
import { NairobiError } from '../errors.ts';
import { parseAddress } from '../ingest/listen.ts';
import { targetOptions } from '../ingest/open-target.ts';
import { parseBudget } from '../ingest/rejects.ts';
import type { TextFormat } from '../ingest/text-plan.ts';
import { formatBytes, formatCount, type Milliseconds } from '../units.ts';
import { BaseCommand, durationFlag, sizeFlag } from './base.ts';
import { readFlags, readOptions } from './read-flags.ts';

const TARGET = 'TARGET';
const READING = 'INPUT';
const RERUN = 'RUNNING AGAIN';
const TRANSFORM = 'TRANSFORM';

const TEXT_FORMATS = [
  'csv',
  'tsv',
  'psv',
  'ndjson',
  'influx',
] as const satisfies readonly TextFormat[];

export default class Ingest extends BaseCommand {
  static override summary =
    'Turn files into a dataset or a file, exactly once, also over power cuts';

  static override strict = false;

  static override args = {
    source: Args.string({
      ignoreStdin: true,
      description: 'A file, glob or directory; several may be given',
      required: true,
    }),
  };

  static override examples = [
    {
      description: 'One CSV to one Parquet file',
      command: '<%= config.bin %> ingest trips.csv -o trips.parquet',
    },
    {
      description: 'From cron: what the log gained since the last run, into a dataset by day',
      command:
        '<%= config.bin %> ingest sensors.csv -o data/ --partition-by "day(ts)" --state sensors.state',
    },
    {
      description: 'Keep bad rows apart, and give up beyond one in a hundred',
      command:
        '<%= config.bin %> ingest dirty.csv -o clean/ --on-error quarantine --rejects bad.ndjson --max-errors 1%',
    },
  ];

  static override flags = {
    output: Flags.string({
      char: 'o',
      required: true,
      summary: 'A file (.parquet, .arrow, .csv, .ndjson) or a directory for a dataset',
      helpValue: 'TARGET',
      helpGroup: TARGET,
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

  async run(): Promise<IngestResult> {
    const { argv, flags } = await this.parse(Ingest);
    const host = this.hostOptions(flags);
    const options: IngestOptions = {
      sources: argv.map(String),
      target: targetOptions({
        output: flags.output,
        format: undefined,
        codec: flags.compression,
        partitionBy: flags['partition-by'],
        state: flags.state,
        partBytes: flags['part-size'],
      }),
      format: textFormat(flags['input-format']),
      minAgeMs: flags['min-age'] ?? 0,
      transform: {
        select: flags.select,
        where: flags.where,
        sql: flags.sql,
        rename: pairs(flags.rename ?? []),
        dedupe: list(flags.dedupe),
        downsample: flags.downsample,
        agg: list(flags.agg),
        by: list(flags.by),
        sort: list(flags.sort),
      },
      final: flags.final,
      // A listener is not to be ended by what somebody sends.
      onError: flags['on-error'] ?? (argv.map(String).some(isAddress) ? 'skip' : 'fail'),
      rejects: flags.rejects,
      maxErrors: flags['max-errors'] === undefined ? undefined : parseBudget(flags['max-errors']),
      lock: flags.lock,
      lockWaitMs: flags['lock-wait'] ?? 0,
      read: readOptions({ ...flags, 'input-format': undefined, 'on-error': undefined }),
      host,
    };
    const isEndless = flags.follow || options.sources.some(isAddress);
    const result = isEndless
      ? await this.followOn(options, flags.flush)
      : await ingest(options, this.reporter);
    for (const note of result.notes) this.note(note);
    this.note(summaryOf(result));
    if (result.rows.rowsRejected > 0 || result.nulledValues > 0) this.endWith(5);
    return result;
  }

  /** Until SIGTERM or SIGINT, which end it well: what has come is committed. */
  private async followOn(
    options: IngestOptions,
    flush: Milliseconds | undefined,
  ): Promise<IngestResult> {
    const stop = new AbortController();
    const end = (): void => stop.abort();
    process.once('SIGTERM', end).once('SIGINT', end);
    const { ingestOnAndOn } = await import('../engine/ingest-follow.ts');
    const follow = {
      flushMs: flush ?? 5000,
      stop: stop.signal,
      onReady: (addresses: readonly string[]) => {
        for (const address of addresses) this.note(`listening on ${address}`);
      },
      onCommit: () => undefined,
    };
    return await ingestOnAndOn(options, follow, this.reporter);
  }
}

const list = (text: string | undefined): string[] =>
  text === undefined ? [] : text.split(',').map((item) => item.trim());

function pairs(texts: readonly string[]): Record<string, string> {
  const renames: Record<string, string> = {};
  for (const item of texts.flatMap((text) => text.split(','))) {
    const [from, to] = item.split('=', 2);
    if (from === undefined || to === undefined || to === '') {
      throw new NairobiError('USAGE', `Cannot read --rename "${item}"`, { hint: 'write old=new' });
    }
    renames[from.trim()] = to.trim();
  }
  return renames;
}

function textFormat(format: string | undefined): TextFormat | undefined {
  return TEXT_FORMATS.find((name) => name === format);
}

const isAddress = (source: string): boolean => parseAddress(source) !== undefined;

function summaryOf(result: IngestResult): string {
  const { rows, files, bytes, sources } = result;
  const rejected = rows.rowsRejected > 0 ? `, ${formatCount(rows.rowsRejected)} rejected` : '';
  if (files.length === 0) return `nothing new in ${sources.length} files${rejected}`;
  const [only] = files;
  const where = files.length === 1 && only !== undefined ? path.relative('', only) : undefined;
  const target = where ?? `${files.length} parts of ${path.relative('', result.target)}`;
  return `${formatCount(rows.rowsWritten)} rows into ${target} (${formatBytes(bytes)})${rejected}`;
}
