/** NDJSON and JSON arrays behind the interface of all formats. */
import { isUtf8 } from 'node:buffer';
import {
  col,
  collect,
  type DataFrame,
  type LazyFrame,
  polarsMessage,
  toLazy,
} from '../../compute/polars.ts';
import type { Column, TypeName } from '../../compute/relation.ts';
import { columnsOf, dataTypeOf } from '../../compute/types.ts';
import { NairobiError } from '../../errors.ts';
import { Evidence } from '../csv/evidence.ts';
import { type Decoded, nothingRejected, type Source } from '../decoded.ts';
import { detectEncoding, notUtf8, toUtf8 } from '../encoding.ts';
import type { ReadOptions, Rejected, Understood, UnderstoodColumn } from '../options.ts';
import { reasonOf, type Typed, valueOfText } from '../text-values.ts';
import { jsonCensus } from './census.ts';
import { badLines, placeOfRow, syntaxError, withoutLines } from './lines.ts';
import { parseJson } from './parse.ts';
import { type JsonColumn, jsonColumns } from './schema.ts';

type JsonFormat = 'ndjson' | 'json';

/** Texts looked at to find out whether a column of them holds dates. */
const DATE_SAMPLE = 1000;

const MAX_EXAMPLES = 10;

/** A column as Polars gives it, and what its text is made into. */
interface Plan {
  readonly name: string;
  readonly type: TypeName;
  readonly from: UnderstoodColumn['from'];
  readonly note: string | undefined;
  /** How the text Polars gives becomes the value; undefined when Polars gives the value. */
  readonly parse: Typed | undefined;
  /** Values that do not fit become null. */
  readonly lenient: boolean;
}

/** What stays the same while types change. */
interface Content {
  readonly source: Source;
  readonly format: JsonFormat;
  readonly options: ReadOptions;
  readonly rejected: Rejected;
  readonly frame: DataFrame;
}

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
  if (census.paths.length === 0) refuseNonsense(bytes, format, path);
  const columns = jsonColumns(census, path).map((column) => asGiven(column, options));
  const unknown = Object.keys(options.types ?? {}).find(
    (name) => !columns.some((column) => column.name === name),
  );
  if (unknown !== undefined) throw unknownColumn(unknown, columns, path);
  let frame: DataFrame;
  try {
    frame = parseJson(bytes, format, census, columns);
  } catch (cause) {
    throw explain(bytes, format, path, cause);
  }
  const types = new Map(columnsOf(frame).map(({ name, type }) => [name, type]));
  const plans = columns.map((column) =>
    planOf(column, types.get(column.name) ?? 'Null', frame, options),
  );
  return new JsonDecoded({ source, format, options, rejected, frame }, plans);
}

/** A type the user gave is parsed from the text. */
function asGiven(column: JsonColumn, options: ReadOptions): JsonColumn {
  const isGiven = options.allText === true || options.types?.[column.name] !== undefined;
  return isGiven ? { name: column.name, asText: true, note: undefined } : column;
}

function explain(bytes: Buffer, format: JsonFormat, path: string, cause: unknown): NairobiError {
  if (!isUtf8(bytes)) return notUtf8(bytes, path);
  const [bad] = format === 'ndjson' ? badLines(bytes, 1) : [];
  if (bad !== undefined) {
    const { line, byte, reason } = bad;
    return new BadLines('BAD_DATA', `Cannot take this line: ${reason}`, {
      where: { file: path, line, byte },
      hint: '--on-error skip leaves such lines out',
    });
  }
  const syntax = format === 'json' ? syntaxError(bytes, path, cause) : undefined;
  if (syntax !== undefined) return syntax;
  return new NairobiError('BAD_DATA', `Cannot read this JSON: ${polarsMessage(cause)}`, {
    where: { file: path },
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
  const syntax = syntaxError(bytes, path, '');
  if (syntax !== undefined) throw syntax;
  const value: unknown = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  const rows = Array.isArray(value) ? value : [value];
  if (rows.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row))) return;
  throw new NairobiError('BAD_DATA', 'This JSON is no array of objects', {
    where: { file: path },
    hint: 'make objects of it, for example with jq: map({value: .})',
  });
}

function planOf(
  { name, note }: JsonColumn,
  actual: TypeName,
  frame: DataFrame,
  options: ReadOptions,
): Plan {
  const given = options.allText ? 'String' : options.types?.[name];
  const base = { name, note, lenient: false } as const;
  if (given !== undefined) {
    if (given === 'String') return { ...base, type: given, from: 'given', parse: undefined };
    const format = /^(Date|Time)/.test(given) ? dateFormat(given, name, frame, options) : undefined;
    const parse = { type: given, ...(format === undefined ? {} : { format }) };
    return { ...base, type: given, from: 'given', parse };
  }
  const plain = { ...base, from: 'inferred', parse: undefined } as const;
  // Other engines know no 128-bit integer; only nulls are text, as in CSV.
  if (actual === 'Int128') return { ...plain, type: 'Decimal(38, 0)' };
  if (actual === 'Null') return { ...plain, type: 'String' };
  if (actual !== 'String' || note !== undefined) return { ...plain, type: actual };
  const reading = sampleOf(name, frame, options);
  if (reading === undefined || !/^Date/.test(reading.type)) return { ...plain, type: actual };
  return { ...plain, type: reading.type, parse: reading };
}

/** What a thousand of the texts say, spread over all of them. */
function evidenceOf(name: string, frame: DataFrame): Evidence {
  const step = Math.max(1, Math.floor(frame.height / DATE_SAMPLE));
  const texts = frame.getColumn(name).gatherEvery(step).toArray() as (string | null)[];
  const evidence = new Evidence();
  for (const text of texts) if (text !== null) evidence.observe(text);
  return evidence;
}

function sampleOf(name: string, frame: DataFrame, options: ReadOptions): Typed | undefined {
  const evidence = evidenceOf(name, frame);
  const named = options.dateFormats?.find((format) => evidence.fits(format));
  const reading = named === undefined ? evidence.decide(false) : evidence.momentOf(named);
  return reading?.format === undefined || reading.nullText !== undefined ? undefined : reading;
}

function dateFormat(
  type: string,
  name: string,
  frame: DataFrame,
  options: ReadOptions,
): string | undefined {
  const evidence = evidenceOf(name, frame);
  const named = options.dateFormats?.find((format) => evidence.fits(format));
  const zoned = type.includes(', ') ? '%#z' : '';
  const usual = type === 'Date' ? '%Y-%m-%d' : type === 'Time' ? '%H:%M:%S%.f' : undefined;
  return named ?? evidence.format ?? usual ?? `%Y-%m-%dT%H:%M:%S%.f${zoned}`;
}

class JsonDecoded implements Decoded {
  readonly format: JsonFormat;
  readonly columns: readonly Column[];
  readonly rows: number | undefined;
  readonly understood: Understood;
  readonly rejected: Rejected;
  readonly #content: Content;
  readonly #plans: readonly Plan[];

  constructor(content: Content, plans: readonly Plan[]) {
    this.#content = content;
    this.#plans = plans;
    this.format = content.format;
    this.columns = plans.map(({ name, type }) => ({ name, type }));
    this.rejected = content.rejected;
    this.rows = plans.some(({ lenient }) => lenient) ? undefined : content.frame.height;
    this.understood = {
      format: content.format,
      columns: plans.map(({ name, type, from, parse: typed }) => ({
        name,
        type,
        from,
        ...(typed?.format === undefined ? {} : { format: typed.format }),
      })),
      sampledRows: 'all',
      notes: plans.flatMap(({ note }) => (note === undefined ? [] : [note])),
    };
  }

  read(columns?: readonly string[]): DataFrame | LazyFrame {
    const { frame, options, source } = this.#content;
    const plans =
      columns === undefined ? this.#plans : columns.map((name) => this.#planOf(name, source));
    if (plans.length === 0) return frame;
    const isReady = this.#plans.every((plan) => plan.parse === undefined);
    if (isReady && !plans.some(isCast)) return frame.select(...plans.map(({ name }) => col(name)));
    const skipping = options.onError === 'skip' ? this.#plans.filter(({ lenient }) => lenient) : [];
    const kept = skipping.reduce(
      (rows, plan) => rows.filter(contradicts(plan).not()),
      frame.lazy(),
    );
    return kept.select(...plans.map(valueOfPlan));
  }

  scan(columns?: readonly string[]): LazyFrame {
    return toLazy(this.read(columns));
  }

  recover(cause: unknown): Decoded {
    if (cause instanceof NairobiError) throw cause;
    const { frame, options, source, rejected, format } = this.#content;
    let changed = false;
    const plans = this.#plans.map((plan) => {
      if (plan.parse === undefined || plan.lenient) return plan;
      const bad = collect(frame.lazy().withRowIndex('row', 0).filter(contradicts(plan)));
      if (bad.height === 0) return plan;
      changed = true;
      const text = String(bad.getColumn(plan.name).get(0));
      if (plan.from === 'inferred' && plan.type.startsWith('Date')) return asPlainText(plan, text);
      const place = placeIn(source, format, Number(bad.getColumn('row').get(0)));
      const reason = reasonOf(text, plan.parse);
      if (options.onError === undefined || options.onError === 'fail') {
        throw new NairobiError('BAD_DATA', `${reason}: column "${plan.name}" is ${plan.type}`, {
          where: { file: source.path, ...place, column: plan.name },
          hint: `--types ${plan.name}=text keeps it as text; --on-error null or skip goes on without it`,
        });
      }
      if (options.onError === 'null') rejected.values += bad.height;
      else rejected.rows += bad.height;
      rejected.examples.push({ line: 0, byte: 0, ...place, column: plan.name, reason });
      return { ...plan, lenient: true };
    });
    if (changed) return new JsonDecoded(this.#content, plans);
    throw new NairobiError('BAD_DATA', `Cannot read this JSON: ${polarsMessage(cause)}`, {
      where: { file: source.path },
      cause,
    });
  }

  #planOf(name: string, source: Source): Plan {
    const plan = this.#plans.find((one) => one.name === name);
    if (plan === undefined) throw unknownColumn(name, this.#plans, source.path);
    return plan;
  }
}

/** Dates that turned out not to be: the texts, as the file has them. */
function asPlainText(plan: Plan, text: string): Plan {
  const note = `column ${plan.name} is text: not all of it are dates, "${text}" is none`;
  return { ...plan, type: 'String', parse: undefined, note };
}

/** Values that Polars gives in a type of its own. */
const isCast = (plan: Plan): boolean =>
  plan.parse === undefined && /^(Decimal|String)/.test(plan.type);

function valueOfPlan(plan: Plan) {
  const value = col(plan.name);
  if (isCast(plan)) return value.cast(dataTypeOf(plan.type), true).alias(plan.name);
  if (plan.parse === undefined) return value;
  return valueOfText(plan.parse, value, !plan.lenient).alias(plan.name);
}

function contradicts(plan: Plan) {
  const text = col(plan.name);
  const value = plan.parse === undefined ? text : valueOfText(plan.parse, text, false);
  return text.isNotNull().and(value.isNull());
}

function placeIn(
  source: Source,
  format: JsonFormat,
  row: number,
): { line?: number; byte?: number } {
  return format === 'ndjson' ? (placeOfRow(source.bytes, row) ?? {}) : {};
}

function unknownColumn(
  name: string,
  columns: readonly { readonly name: string }[],
  path: string,
): NairobiError {
  const names = columns.slice(0, 20).map((column) => column.name);
  return new NairobiError('UNKNOWN_COLUMN', `There is no column "${name}"`, {
    where: { file: path },
    hint: `the columns are ${names.join(', ')}`,
  });
}
