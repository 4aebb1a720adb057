/** Where a result goes and in which form: a terminal, a pipe, a file. */
import path from 'node:path';
import * as Flags from '@oclif/core/flags';
import type { Column } from '../compute/relation.ts';
import type { QueryResult } from '../engine/query.ts';
import type { Reporter } from '../engine/run/report.ts';
import { NairobiError } from '../errors.ts';
import { cellsOf } from '../formats/cells.ts';
import { encode, type OutputFormat } from '../formats/encode.ts';
import type { EncodeOptions } from '../formats/result.ts';
import { writeFile, writeStream } from '../formats/write.ts';
import { renderTable } from '../render/table.ts';

const OUTPUT = 'OUTPUT';

const FORMATS = [
  'table',
  'csv',
  'tsv',
  'json',
  'ndjson',
  'markdown',
  'html',
  'parquet',
  'arrow',
  'vertical',
  'lines',
] as const satisfies readonly (OutputFormat | 'table')[];

type Format = (typeof FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.md': 'markdown',
  '.html': 'html',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.txt': 'table',
};

/** Rows a table on a terminal shows unless told: about a screen's worth. */
const TABLE_ROWS = 40;

export const resultFlags = {
  format: Flags.option({ options: FORMATS })({
    summary: 'The form of the result (default: table on a terminal, CSV elsewhere)',
    helpGroup: OUTPUT,
    helpValue: 'FORMAT',
  }),
  output: Flags.string({
    char: 'o',
    summary: 'Write to this file, whole or not at all; its name tells the format',
    helpGroup: OUTPUT,
    helpValue: 'FILE',
  }),
  'max-rows': Flags.string({
    summary: 'Rows a table shows, or "all"; the first and the last are shown',
    helpGroup: OUTPUT,
    helpValue: 'N',
    default: String(TABLE_ROWS),
  }),
  'null-value': Flags.string({
    summary: 'What stands for null in CSV, TSV and tables',
    helpGroup: OUTPUT,
    helpValue: 'TEXT',
  }),
  'no-names': Flags.boolean({
    summary: 'Leave the line of names out of CSV and TSV',
    helpGroup: OUTPUT,
  }),
  bigint: Flags.option({ options: ['number', 'string'] as const })({
    summary: 'How JSON has integers of 64 bits and more, and decimals; always with all digits',
    helpGroup: OUTPUT,
    helpValue: 'HOW',
    default: 'number',
  }),
  compression: Flags.option({
    options: ['zstd', 'lz4', 'snappy', 'gzip', 'uncompressed'] as const,
  })({
    summary: 'How Parquet is compressed',
    helpGroup: OUTPUT,
    helpValue: 'CODEC',
    default: 'zstd',
  }),
};

export interface PrintFlags {
  readonly format?: Format | undefined;
  readonly output?: string | undefined;
  readonly 'max-rows': string;
  readonly 'null-value'?: string | undefined;
  readonly 'no-names': boolean;
  readonly bigint: 'number' | 'string';
  readonly compression: NonNullable<EncodeOptions['compression']>;
}

/** Writes the result to its file or to stdout; a reader that went away ends it quietly. */
export async function printResult(
  result: QueryResult,
  flags: PrintFlags,
  reporter: Reporter,
): Promise<void> {
  reporter.progress[Symbol.dispose]();
  const format = formatOf(flags);
  const isTerminal = flags.output === undefined && process.stdout.isTTY === true;
  if (isTerminal && (format === 'parquet' || format === 'arrow')) {
    throw new NairobiError('USAGE', `A terminal cannot show ${format}`, {
      hint: 'name a file with -o, or send it into a pipe',
    });
  }
  const pieces = format === 'table' ? [tableOf(result, flags)] : encodeAs(result, format, flags);
  await reporter.time('write', async () => {
    if (flags.output !== undefined) await writeFile(flags.output, pieces);
    else await writeStream(process.stdout, pieces);
  });
}

/** The rows as the text of a JSON array, exact to the digit. */
export function rowsAsJson(result: QueryResult, flags: PrintFlags): Buffer {
  return Buffer.concat([...encodeAs(result, 'json', flags)]);
}

export const displayNames = ({ columns }: { columns: readonly Column[] }): string[] =>
  columns.map(({ name }) => name);

function formatOf(flags: PrintFlags): Format {
  if (flags.format !== undefined) return flags.format;
  if (flags.output === undefined) return process.stdout.isTTY ? 'table' : 'csv';
  const extension = path.extname(flags.output).toLowerCase();
  const format = BY_EXTENSION[extension];
  if (format !== undefined) return format;
  throw new NairobiError('USAGE', `The name ${flags.output} tells no format`, {
    hint: `say --format, or end the name with one of ${Object.keys(BY_EXTENSION).join(', ')}`,
  });
}

function encodeAs(result: QueryResult, format: OutputFormat, flags: PrintFlags): Iterable<Buffer> {
  const nullText = flags['null-value'];
  return encode(result.frame, format, {
    names: displayNames(result),
    header: !flags['no-names'],
    bigint: flags.bigint,
    compression: flags.compression,
    ...(nullText === undefined ? {} : { nullText }),
  });
}

function tableOf(result: QueryResult, flags: PrintFlags): Buffer {
  const isTerminal = flags.output === undefined && process.stdout.isTTY === true;
  const maxRows = parseMaxRows(flags['max-rows']);
  const cells = cellsOf(result.frame, {
    names: displayNames(result),
    ...(maxRows === 'all' ? {} : { maxRows }),
  });
  const nullText = flags['null-value'];
  const text = renderTable(cells, {
    color: isTerminal && !process.env['NO_COLOR'],
    ...(isTerminal ? { width: process.stdout.columns } : {}),
    ...(nullText === undefined ? {} : { nullText }),
  });
  return Buffer.from(text);
}

function parseMaxRows(text: string): number | 'all' {
  if (text === 'all') return text;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new NairobiError('USAGE', `Cannot read --max-rows "${text}"`, {
    hint: 'a number of rows from 1, or "all"',
  });
}
