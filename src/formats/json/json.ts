/** NDJSON and JSON arrays behind the interface of all formats. */
import { isUtf8 } from 'node:buffer';
import { type DataFrame, polarsMessage } from '../../compute/polars.ts';
import { columnsOf } from '../../compute/types.ts';
import { NairobiError } from '../../errors.ts';
import { type Decoded, nothingRejected, type Source } from '../decoded.ts';
import { notUtf8, toUtf8 } from '../encoding.ts';
import { givenType, type ReadOptions, type Rejected } from '../options.ts';
import { detectEncoding } from '../transcoder.ts';
import { evidenceOf, planOf, TypedFrame, unknownColumn, withFields } from '../typed-frame.ts';
import { jsonCensus } from './census.ts';
import { arrayError } from './layout.ts';
import { badLines, placeOfRow, syntaxError, withoutLines } from './lines.ts';
import { parseJson } from './parse.ts';
import { type JsonColumn, jsonColumns } from './schema.ts';

type JsonFormat = 'ndjson' | 'json';

const MAX_EXAMPLES = 10;

/** Parses all of it now: the columns of JSON are known only then. */
export function decodeJson(given: Source, format: JsonFormat, options: ReadOptions): Decoded {
  const encoding = options.encoding ?? detectEncoding(given.bytes);
  const bytes = toUtf8(given.bytes, encoding, given.path);
  const rejected = nothingRejected();
  const sound = options.onError === undefined || options.onError === 'fail' || format === 'json';
  const source = { ...given, bytes };
  try {
    return open(source, format, options, rejected);
  } catch (error) {
    if (sound || !(error instanceof BadLines)) throw error;
    const lines = badLines(bytes);
    rejected.rows += lines.length;
    rejected.examples.push(...lines.slice(0, MAX_EXAMPLES));
    return open({ ...source, bytes: withoutLines(bytes, lines) }, format, options, rejected);
  }
}

/** Lines that are no objects: they can be left out. */
class BadLines extends NairobiError {}

function open(
  source: Source,
  format: JsonFormat,
  options: ReadOptions,
  rejected: Rejected,
): Decoded {
  const { bytes, path } = source;
  const census = jsonCensus(bytes, format, path);
  if (census.isUnsound && badLines(bytes, 1).length > 0) throw explain(bytes, format, path, '');
  if (!census.paths.some(({ isRoot }) => isRoot)) refuseNonsense(bytes, format, path);
  const columns = jsonColumns(census, path).map((column) => asGiven(column, options, path));
  const unknown = Object.keys(options.types ?? {}).find(
    (name) => !columns.some((column) => column.name === name),
  );
  if (unknown !== undefined && options.typesMayLack !== true)
    throw unknownColumn(unknown, columns, path);
  let frame: DataFrame;
  try {
    frame = parseJson(bytes, format, census, columns);
  } catch (cause) {
    throw explain(bytes, format, path, cause);
  }
  const parsed = columnsOf(frame);
  const types = new Map(parsed.map(({ name, type }) => [name, type]));
  const plans = columns.map((column) =>
    planOf(column, types.get(column.name) ?? 'Null', () => evidenceOf(column.name, frame), options),
  );
  const placeOf = (row: number) => (format === 'ndjson' ? placeOfRow(bytes, row) : undefined);
  return new TypedFrame(
    { source, format, options, rejected, frame, placeOfRow: placeOf },
    withFields(plans, parsed),
  );
}

/** A type the user gave is parsed from the text. */
export function asGiven(column: JsonColumn, options: ReadOptions, path: string): JsonColumn {
  const isGiven = options.allText === true || givenType(options, column.name) !== undefined;
  const asked = isGiven ? { ...column, asText: true, note: undefined } : column;
  const type = options.allText === true ? 'String' : givenType(options, column.name);
  if (!asked.asText || !asked.isRounded || type?.startsWith('Float') === true) return asked;
  throw new NairobiError(
    'NOT_SUPPORTED',
    `Column "${column.name}" has numbers of more digits than a double holds, which are lost here`,
    {
      where: { file: path, column: column.name },
      hint: `put them in quotes, or read them as doubles: --types ${column.name}=double`,
    },
  );
}

export function explain(
  bytes: Buffer,
  format: JsonFormat,
  path: string,
  cause: unknown,
): NairobiError {
  if (!isUtf8(bytes)) return notUtf8(bytes, path);
  const [bad] = format === 'ndjson' ? badLines(bytes, 1) : [];
  if (bad !== undefined) {
    const { line, byte, reason } = bad;
    return new BadLines('BAD_DATA', `Cannot take this line: ${reason}`, {
      where: { file: path, line, byte },
      hint: '--on-error skip leaves such lines out',
    });
  }
  const syntax =
    format === 'json' ? (arrayError(bytes, path) ?? syntaxError(bytes, path, cause)) : undefined;
  if (syntax !== undefined) return syntax;
  const message = polarsMessage(cause);
  const isNumber = message.includes('InvalidNumber');
  return new NairobiError('BAD_DATA', `Cannot read this JSON: ${message}`, {
    where: { file: path },
    hint: isNumber
      ? 'a number beyond 128 bits or 1e308 can only be read as text: put it in quotes'
      : 'check the file with: jq . FILE',
    cause,
  });
}

/** No key anywhere: nothing but blanks and empty objects may pass. */
function refuseNonsense(bytes: Buffer, format: JsonFormat, path: string): void {
  if (format === 'ndjson') {
    const [bad] = badLines(bytes, 1);
    if (bad !== undefined) throw explain(bytes, format, path, undefined);
    return;
  }
  const syntax = arrayError(bytes, path) ?? syntaxError(bytes, path, '');
  if (syntax !== undefined) throw syntax;
  const value: unknown = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  const rows = Array.isArray(value) ? value : [value];
  if (rows.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row))) return;
  throw new NairobiError('BAD_DATA', 'This JSON is no array of objects', {
    where: { file: path },
    hint: 'make objects of it, for example with jq: map({value: .})',
  });
}
