/** Delimited text behind the interface of all formats. */
import { isUtf8 } from 'node:buffer';
import { type DataFrame, type LazyFrame, toLazy } from '../../compute/polars.ts';
import type { Column, PlainShape, PlainText } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import {
  type Decoded,
  nothingRejected,
  type Picking,
  type PlainRecords,
  type Source,
} from '../decoded.ts';
import type { FormatName } from '../detect.ts';
import { notUtf8, requireText, toUtf8 } from '../encoding.ts';
import type { Encoding, ReadOptions, Rejected, Understood } from '../options.ts';
import { detectEncoding } from '../transcoder.ts';
import { type Census, census, UNCOUNTED } from './census.ts';
import { type ByteSource, bytesInMemory } from './census-kernel.ts';
import { type Cleaned, clean, mendedNotes, NOTHING_MENDED } from './clean.ts';
import { oddColumns, oddColumnsSlowly, type Watch, watchOf } from './odd-values.ts';
import {
  type CsvText,
  isWholeTail,
  type ParseRules,
  parseBytes,
  scanPath,
  scanPicked,
  unchangedPath,
} from './parse.ts';
import { pickingOf } from './picking.ts';
import { reconsider } from './reconsider.ts';
import { recover } from './recover.ts';
import { type CsvPlan, sniffCsv } from './sniff.ts';

export function decodeCsv(source: Source, format: FormatName, options: ReadOptions): CsvDecoded {
  const encoding = options.encoding ?? detectEncoding(source.bytes);
  const bytes = toUtf8(source.bytes, encoding, source.path);
  const plan = {
    ...sniffText(bytes, format, options, source.path, true, allOf(source, bytes)),
    encoding,
  };
  const raw = { source, bytes, options, rejected: nothingRejected() };
  if (!canAssumePlain(source, bytes, plan)) {
    return settled(new CsvDecoded(countText(raw, plan), plan, new Set()));
  }
  const rest = bytes.subarray(plan.data.byte);
  const cleaned = { bytes: rest, mended: NOTHING_MENDED, truncate: false };
  return new CsvDecoded({ ...raw, census: UNCOUNTED, cleaned }, plan, new Set());
}

/** By reading where that is possible: pages of a mapping would count as this process's memory. */
function allOf({ bytes, read }: Source, text: Buffer): ByteSource | Buffer {
  return read === undefined || text !== bytes ? text : { length: bytes.length, read };
}

/** Looks at every value for those that change a type, until none does. */
function settled(given: CsvDecoded): CsvDecoded {
  let decoded = given;
  for (;;) {
    const watch = decoded.watch();
    const next =
      watch === undefined
        ? undefined
        : decoded.reconsider(oddIn(decoded.text, decoded.plan, watch));
    if (next === undefined) return decoded;
    decoded = next;
  }
}

/** What is odd in the text, which has been cleaned. */
export function oddIn(
  { cleaned, census: { faulty }, options }: CsvText,
  plan: CsvPlan,
  watch: Watch,
): Uint8Array {
  const isKept = options.onError === 'null' && faulty.some(({ fault }) => /short|long/.test(fault));
  if (plan.dialect.comment === undefined && !isKept) {
    return oddColumns(bytesInMemory(cleaned.bytes), 0, watch);
  }
  return oddColumnsSlowly(cleaned.bytes, plan.dialect, watch);
}

type RawText = Pick<CsvText, 'source' | 'bytes' | 'options' | 'rejected'>;

/** Counts the rows and mends what may be mended. */
function countText({ source, bytes, options, rejected }: RawText, plan: CsvPlan): CsvText {
  const { dialect, columns, data } = plan;
  const fields = columns.length;
  const onError = options.onError ?? 'fail';
  const counted = census(bytes, dialect, fields, data);
  const cleaning = { bytes, dialect, fields, onError, path: source.path, rejected };
  const cleaned = clean(counted, data.byte, cleaning);
  return { source, bytes, options, census: counted, cleaned, rejected };
}

/** Where the census found that no field is quoted, a quote means nothing. */
export function asCounted(plan: CsvPlan, { isUnquoted }: Census): CsvPlan {
  return isUnquoted ? { ...plan, dialect: { ...plan.dialect, quote: '' } } : plan;
}

/** Comment lines are no records, and transcoded text is not what the other one counts. */
function canAssumePlain(source: Source, bytes: Buffer, plan: CsvPlan): boolean {
  const isSame = bytes.buffer === source.bytes.buffer;
  return source.assumePlain === true && isSame && plan.dialect.comment === undefined;
}

/** Sniffs, with the file's name in what is thrown; refuses bytes that are no text. */
export function sniffText(
  bytes: Buffer,
  format: FormatName,
  options: ReadOptions,
  path: string,
  isWhole = true,
  all?: ByteSource | Buffer,
): CsvPlan {
  requireText(bytes, path);
  try {
    const plan = sniffCsv(bytes, format, options, isWhole, all);
    if (!isUtf8(bytes.subarray(0, plan.data.byte))) throw notUtf8(bytes, path);
    return plan;
  } catch (error) {
    if (!(error instanceof NairobiError) || error.where !== undefined) throw error;
    const { hint } = error;
    throw new NairobiError(error.code, error.message, {
      where: { file: path },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

export class CsvDecoded implements Decoded {
  readonly format: FormatName;
  readonly columns: readonly Column[];
  readonly rows: number | undefined;
  readonly understood: Understood;
  readonly assumed?: PlainRecords;
  readonly rejected: Rejected;
  readonly plan: CsvPlan;
  readonly text: CsvText;
  readonly rules: ParseRules;

  constructor(text: CsvText, plan: CsvPlan, lenient: ReadonlySet<number>) {
    const { options, cleaned } = text;
    const onError = options.onError ?? 'fail';
    this.text = text;
    this.plan = asCounted(plan, text.census);
    this.rules = { onError, nulls: options.nulls, lenient, truncate: cleaned.truncate };
    this.format = plan.format;
    this.columns = plan.columns.map(({ name, type }) => ({ name, type }));
    const kept = text.census.faulty.filter(({ fault }) => fault === 'short' || fault === 'long');
    const isSkipping = onError === 'skip' && lenient.size > 0;
    this.rows = isSkipping ? undefined : countRows(text, onError === 'null' ? kept.length : 0);
    if (text.census === UNCOUNTED) this.assumed = plainRecords(this.plan);
    this.rejected = text.rejected;
    this.understood = understand(this.plan, cleaned, plan.encoding);
  }

  read(columns?: readonly string[]): DataFrame | LazyFrame {
    return parseBytes(this.text.cleaned.bytes, this.plan, this.rules, this.#indices(columns));
  }

  picking(columns: readonly string[]): Picking | undefined {
    if (this.assumed === undefined || this.rules.lenient.size > 0) return undefined;
    return pickingOf(this.text.bytes, this.plan, this.#indices(columns));
  }

  scanPicked(path: string, picking: Picking, columns?: readonly string[]): LazyFrame | undefined {
    const indices = this.#indices(columns);
    const isThere = indices.every((index) => picking.columns[index] === 1);
    if (!isThere || this.rules.lenient.size > 0) return undefined;
    return scanPicked(path, this.plan, this.rules, indices, picking.columns);
  }

  scan(columns?: readonly string[]): LazyFrame {
    const path = unchangedPath(this.text, this.plan);
    if (path !== undefined) return scanPath(path, this.plan, this.rules, this.#indices(columns));
    return toLazy(this.read(columns));
  }

  plainText(): PlainText | undefined {
    const { options, bytes, cleaned } = this.text;
    const shape = plainShape(this.plan, options);
    const isWhole = this.rules.lenient.size === 0 && isWholeTail(cleaned.bytes, bytes, this.plan);
    if (shape === undefined || !isWhole) return undefined;
    const { byte } = this.plan.data;
    return {
      ...shape,
      size: bytes.length - byte,
      read: (into, from) => bytes.copy(into, 0, byte + from),
    };
  }

  watch(columns?: readonly string[]): Watch | undefined {
    const watch = watchOf(this.plan);
    if (watch === undefined || columns === undefined) return watch;
    const wanted = new Set(this.#indices(columns));
    return {
      ...watch,
      columns: watch.columns.map((bits, index) => (wanted.has(index) ? bits : 0)),
    };
  }

  reconsider(found: Uint8Array): CsvDecoded | undefined {
    if (!found.some((bits) => bits !== 0)) return undefined;
    const plan = reconsider(this, found);
    return plan === undefined ? undefined : new CsvDecoded(this.text, plan, this.rules.lenient);
  }

  recover(cause: unknown): Decoded {
    if (cause instanceof NairobiError) throw cause;
    const counted = this.#counted();
    const isOther = counted.plan.dialect.quote !== this.plan.dialect.quote;
    if (isOther || counted.text.census.faulty.length > this.text.census.faulty.length)
      return counted;
    const { plan, lenient } = recover(counted, cause);
    return new CsvDecoded(counted.text, plan, lenient);
  }

  /** The same with its rows counted, if they were taken for plain; throws for the first bad one. */
  #counted(): CsvDecoded {
    if (this.text.census !== UNCOUNTED) return this;
    return new CsvDecoded(countText(this.text, this.plan), this.plan, this.rules.lenient);
  }

  #indices(columns: readonly string[] | undefined): number[] {
    if (columns === undefined) return this.plan.columns.map((_, index) => index);
    const places = new Map(this.plan.columns.map(({ name }, index) => [name, index]));
    // Rows without columns are no rows to Polars (a panic, or 0 of them): one column keeps them.
    if (columns.length === 0) return [0];
    return [...new Set(columns)].map((name) => {
      const index = places.get(name);
      if (index !== undefined) return index;
      throw new NairobiError('UNKNOWN_COLUMN', `There is no column "${name}"`, {
        where: { file: this.text.source.path },
        hint: `the columns are ${[...places.keys()].slice(0, 20).join(', ')}`,
      });
    });
  }
}

/** Undefined where the options or the dialect ask for more than what kernels read. */
export function plainShape(plan: CsvPlan, options: ReadOptions): PlainShape | undefined {
  const { dialect, columns } = plan;
  const isUsual =
    (options.onError ?? 'fail') === 'fail' &&
    options.nulls === undefined &&
    dialect.comment === undefined &&
    dialect.lineEnd === '\n' &&
    columns.every(({ decimalComma }) => decimalComma !== true);
  const { delimiter, quote } = dialect;
  return isUsual && plan.unsureQuotes !== true ? { columns, delimiter, quote } : undefined;
}

function plainRecords(plan: CsvPlan): PlainRecords {
  const { delimiter, quote, lineEnd } = plan.dialect;
  return { byte: plan.data.byte, delimiter, quote, lineEnd, fields: plan.columns.length };
}

/** Mended rows (a stray quote) are rows too. */
function countRows(text: CsvText, kept: number): number | undefined {
  if (text.census.rows === undefined) return undefined;
  const mended = text.census.faulty.filter(({ fault }) => fault === 'stray-quote').length;
  return text.census.rows + kept + mended;
}

function understand(plan: CsvPlan, cleaned: Cleaned, encoding: Encoding): Understood {
  return {
    format: plan.format,
    columns: plan.columns.map(({ name, type, from, format, nullText }) => ({
      name,
      type,
      from,
      ...(format === undefined ? {} : { format }),
      ...(nullText === undefined ? {} : { nullText }),
    })),
    dialect: plan.dialect,
    encoding,
    sampledRows: plan.sampledRows,
    notes: [...plan.notes, ...mendedNotes(cleaned.mended)],
    ...(plan.late === undefined ? {} : { late: plan.late }),
  };
}
