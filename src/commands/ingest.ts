/** nairobi ingest SRC... -o TARGET */
import path from 'node:path';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { type IngestResult, ingest } from '../engine/ingest.ts';
import { parseTypeName } from '../formats/options.ts';
import { targetOptions } from '../ingest/open-target.ts';
import { parseBudget } from '../ingest/rejects.ts';
import { formatBytes, formatCount } from '../units.ts';
import { BaseCommand, durationFlag, sizeFlag } from './base.ts';

const TARGET = 'TARGET';
const READING = 'READING';
const RERUN = 'RUNNING AGAIN';

export default class Ingest extends BaseCommand {
  static override summary =
    'Turn files into a dataset or a file, exactly once, also over power cuts';

  static override strict = false;

  static override args = {
    source: Args.string({
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
    types: Flags.string({
      summary: 'Types that are not to be guessed, such as zip=text,ts=timestamp',
      helpValue: 'COLUMN=TYPE,...',
      helpGroup: READING,
      multiple: true,
    }),
    delimiter: Flags.string({
      char: 'd',
      summary: 'The byte between fields (default: found by looking)',
      helpGroup: READING,
    }),
    'on-error': Flags.option({ options: ['fail', 'skip', 'null', 'quarantine'] as const })({
      summary: 'What a bad row does: end the run, be left out, have nulls, or go to --rejects',
      default: 'fail',
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
    const result = await ingest(
      {
        sources: argv.map(String),
        target: targetOptions({
          output: flags.output,
          format: undefined,
          codec: flags.compression,
          partitionBy: flags['partition-by'],
          state: flags.state,
          partBytes: flags['part-size'],
        }),
        final: flags.final,
        onError: flags['on-error'],
        rejects: flags.rejects,
        maxErrors: flags['max-errors'] === undefined ? undefined : parseBudget(flags['max-errors']),
        lock: flags.lock,
        lockWaitMs: flags['lock-wait'] ?? 0,
        read: {
          ...(flags.delimiter === undefined ? {} : { delimiter: flags.delimiter }),
          ...(flags.types === undefined ? {} : { types: typesOf(flags.types) }),
        },
        host,
      },
      this.reporter,
    );
    for (const note of result.notes) this.note(note);
    this.note(summaryOf(result));
    if (result.rows.rowsRejected > 0 || result.nulledValues > 0) this.endWith(5);
    return result;
  }
}

function typesOf(texts: readonly string[]): Record<string, string> {
  const types: Record<string, string> = {};
  // A comma may stand inside decimal(10,2).
  for (const part of texts.flatMap((text) => text.split(/,(?![^(]*\))/))) {
    const at = part.lastIndexOf('=');
    types[part.slice(0, at).trim()] = parseTypeName(part.slice(at + 1));
  }
  return types;
}

function summaryOf(result: IngestResult): string {
  const { rows, files, bytes, sources } = result;
  const rejected = rows.rowsRejected > 0 ? `, ${formatCount(rows.rowsRejected)} rejected` : '';
  if (files.length === 0) return `nothing new in ${sources.length} files${rejected}`;
  const [only] = files;
  const where = files.length === 1 && only !== undefined ? path.relative('', only) : undefined;
  const target = where ?? `${files.length} parts of ${path.relative('', result.target)}`;
  return `${formatCount(rows.rowsWritten)} rows into ${target} (${formatBytes(bytes)})${rejected}`;
}
