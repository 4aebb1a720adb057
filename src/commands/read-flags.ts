/** The flags about how an input is to be understood, shared by every command that reads one. */
import * as Flags from '@oclif/core/flags';
import { parseSource } from '../engine/inputs/sources.ts';
import type { SessionOptions } from '../engine/session.ts';
import { NairobiError } from '../errors.ts';
import { FORMAT_NAMES } from '../formats/detect.ts';
import { ENCODINGS, ON_ERROR, parseTypeName, type ReadOptions } from '../formats/options.ts';
import {
  EVERY_TABLE,
  readableTypes,
  readSchemaFile,
  type TableSchema,
} from '../formats/schema-file.ts';

const INPUT = 'INPUT';

export const readFlags = {
  'input-format': Flags.option({ options: FORMAT_NAMES })({
    summary: 'The format of the input, instead of what its bytes and its name say',
    helpGroup: INPUT,
    helpValue: 'FORMAT',
  }),
  delimiter: Flags.string({
    char: 'd',
    summary: 'One byte between fields; "\\t" is a tab (default: found out)',
    helpGroup: INPUT,
    helpValue: 'BYTE',
  }),
  quote: Flags.string({
    summary: 'One byte around fields; empty for none (default: found out)',
    helpGroup: INPUT,
    helpValue: 'BYTE',
  }),
  header: Flags.boolean({
    summary: 'The first line has the names of the columns (default: found out)',
    helpGroup: INPUT,
    allowNo: true,
  }),
  comment: Flags.string({
    summary: 'Leave out lines that begin with this',
    helpGroup: INPUT,
    helpValue: 'TEXT',
  }),
  'decimal-comma': Flags.boolean({
    summary: 'Numbers have a comma where others have a point',
    helpGroup: INPUT,
    allowNo: true,
  }),
  nulls: Flags.string({
    summary: 'Texts that mean null, separated by commas (default: found out per column)',
    helpGroup: INPUT,
    helpValue: 'LIST',
  }),
  types: Flags.string({
    summary:
      'Types of columns instead of inferred ones: "id=text,price=decimal(10,2)", or @FILE of JSON',
    helpGroup: INPUT,
    helpValue: 'LIST',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'files-from': Flags.string({
    summary: 'Read the files whose names are in this file, one a line or a NUL; - is stdin',
    helpGroup: INPUT,
    helpValue: 'FILE',
  }),
  progress: Flags.option({ options: ['auto', 'json', 'never'] as const })({
    summary: 'After a second, how much was read, on stderr: auto is on a terminal',
    helpGroup: 'OUTPUT',
    helpValue: 'WHEN',
    default: 'auto',
  }),
  'all-text': Flags.boolean({
    summary: 'Infer nothing: every column is text',
    helpGroup: INPUT,
  }),
  'infer-rows': Flags.string({
    summary: 'How many rows to infer types from, or "all"',
    helpGroup: INPUT,
    helpValue: 'N',
  }),
  'date-format': Flags.string({
    summary: 'A format of dates to try before the known ones, such as %d/%m/%Y',
    helpGroup: INPUT,
    helpValue: 'FORMAT',
    multiple: true,
    multipleNonGreedy: true,
  }),
  encoding: Flags.option({ options: ENCODINGS })({
    summary: 'The encoding of a text (default: by its byte order mark, else utf8)',
    helpGroup: INPUT,
    helpValue: 'NAME',
  }),
  'on-error': Flags.option({ options: ON_ERROR })({
    summary: 'What to do about a value that is not of its column’s type, or a ragged row',
    helpGroup: INPUT,
    helpValue: 'WHAT',
    default: 'fail',
  }),
  table: Flags.string({
    summary: 'The table of an SQLite file',
    helpGroup: INPUT,
    helpValue: 'NAME',
  }),
};

/** How several files are one table. */
export const filesFlags = {
  'union-by-name': Flags.boolean({
    summary: 'Match the columns of several files by name; missing ones are null',
    helpGroup: INPUT,
  }),
  'filename-col': Flags.string({
    summary: 'Add a column of this name with the path each row came from',
    helpGroup: INPUT,
    helpValue: 'NAME',
  }),
};

/** For commands that do not write one themselves. */
export const schemaFlag = {
  schema: Flags.string({
    summary: 'The columns and types there must be: a file that "stats --schema" wrote',
    helpGroup: INPUT,
    helpValue: '[TABLE=]FILE',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

/** What main.ts looks at before the command is loaded: by then it has been followed. */
export const viaFlags = {
  via: Flags.string({
    summary: 'Let the daemon do it: auto (when one runs), never, or the path of its socket',
    helpGroup: 'HOST',
    helpValue: 'WHICH',
    default: 'auto',
    env: 'NAIROBI_VIA',
  }),
};

/** For commands that draw or sum up what a query leaves. */
export const rowFlags = {
  where: Flags.string({
    summary: 'Only the rows for which this SQL condition is true',
    helpGroup: INPUT,
    helpValue: 'CONDITION',
  }),
  sql: Flags.string({
    summary: 'What this query gives; the source is its table "data"',
    helpGroup: INPUT,
    helpValue: 'QUERY',
    exclusive: ['where'],
  }),
};

type Parsed<F> = { readonly [K in keyof F]?: unknown };

/** What the flags say, with only what was said. */
export function readOptions(flags: Parsed<typeof readFlags>): ReadOptions {
  const said = {
    format: flags['input-format'],
    delimiter: flags.delimiter === '\\t' ? '\t' : flags.delimiter,
    quote: flags.quote,
    header: flags.header,
    comment: flags.comment,
    decimalComma: flags['decimal-comma'],
    nulls: (flags.nulls as string | undefined)?.split(','),
    types: parseTypes(flags.types as string[] | undefined),
    allText: flags['all-text'],
    inferRows: parseInferRows(flags['infer-rows'] as string | undefined),
    dateFormats: flags['date-format'],
    encoding: flags.encoding,
    onError: flags['on-error'],
    table: flags.table,
  };
  const entries = Object.entries(said).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as ReadOptions;
}

export function filesOptions(
  flags: Parsed<typeof filesFlags>,
): Pick<SessionOptions, 'unionByName' | 'filenameColumn'> {
  const filenameColumn = flags['filename-col'] as string | undefined;
  return {
    unionByName: flags['union-by-name'] === true,
    ...(filenameColumn === undefined ? {} : { filenameColumn }),
  };
}

/** Table -> what it must be like; EVERY_TABLE where none was named. */
export function parseSchemas(
  texts: readonly string[] | undefined,
): ReadonlyMap<string, TableSchema> | undefined {
  if (texts === undefined) return undefined;
  return new Map(
    texts.map(parseSource).map(({ name, path }) => [name ?? EVERY_TABLE, readSchemaFile(path)]),
  );
}

/** Splits at commas outside parentheses: "a=int,b=decimal(10,2)". */
function parseTypes(lists: readonly string[] | undefined): Record<string, string> | undefined {
  if (lists === undefined) return undefined;
  // A column may be called __proto__, which an object keeps only where it is defined.
  const types = new Map<string, string>();
  for (const item of lists.flatMap((list) => list.split(/,(?![^(]*\))/))) {
    if (item.startsWith('@')) {
      const stated = readableTypes(readSchemaFile(item.slice(1)));
      for (const [name, type] of Object.entries(stated)) types.set(name, type);
      continue;
    }
    const at = item.lastIndexOf('=');
    if (at <= 0) {
      throw new NairobiError('USAGE', `Cannot read --types "${item}"`, {
        hint: 'write column=type, such as id=text or price=decimal(10,2)',
      });
    }
    types.set(item.slice(0, at).trim(), parseTypeName(item.slice(at + 1)));
  }
  return Object.fromEntries(types);
}

function parseInferRows(text: string | undefined): number | 'all' | undefined {
  if (text === undefined || text === 'all') return text;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new NairobiError('USAGE', `Cannot read --infer-rows "${text}"`, {
    hint: 'a number of rows from 1, or "all"',
  });
}
