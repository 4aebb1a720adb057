/**
 * A frame that was read whole, some of whose texts are values of another type: what formats give
 * that state their columns only when all of them has been read (JSON, SQLite).
 */
import {
  col,
  collect,
  type DataFrame,
  type Expr,
  type LazyFrame,
  toLazy,
} from '../compute/polars.ts';
import type { Column, TypeName } from '../compute/relation.ts';
import { dataTypeOf } from '../compute/types.ts';
import { NairobiError } from '../errors.ts';
import { Evidence } from './csv/evidence.ts';
import { momentFormat } from './csv/moment-format.ts';
import { type Decoded, planFailed, type Source } from './decoded.ts';
import type { FormatName } from './detect.ts';
import {
  givenType,
  type ReadOptions,
  type Rejected,
  type Understood,
  type UnderstoodColumn,
} from './options.ts';
import { reasonOf, type Typed, valueOfText } from './text-values.ts';

/** Texts looked at to find out whether a column of them holds dates. */
const DATE_SAMPLE = 1000;

/** A column as Polars gives it, and what its text is made into. */
export interface Plan {
  readonly name: string;
  readonly type: TypeName;
  readonly from: UnderstoodColumn['from'];
  readonly note: string | undefined;
  /** How the text Polars gives becomes the value; undefined when Polars gives the value. */
  readonly parse: Typed | undefined;
  /** Values that do not fit become null. */
  readonly lenient: boolean;
  readonly fields?: Column['fields'];
}

/** The column a plan makes. */
export const columnOf = ({ name, type, fields }: Plan): Column =>
  fields === undefined ? { name, type } : { name, type, fields };

/** The plans, of structs with the fields that the parser found. */
export function withFields(plans: readonly Plan[], parsed: readonly Column[]): Plan[] {
  const found = new Map(parsed.map(({ name, fields }) => [name, fields]));
  return plans.map((plan) => {
    const fields = plan.type === 'Struct' ? found.get(plan.name) : undefined;
    return fields === undefined ? plan : { ...plan, fields };
  });
}

/** What stays the same while types change. */
export interface Content {
  readonly source: Source;
  readonly format: FormatName;
  readonly options: ReadOptions;
  readonly rejected: Rejected;
  readonly frame: DataFrame;
  /** Where a row stands in the file, if that is known. */
  readonly placeOfRow: (row: number) => { line: number; byte: number } | undefined;
}

/** How a column becomes what the user gave or what its texts, in `evidence`, look like. */
export function planOf(
  { name, note }: Pick<Plan, 'name' | 'note'>,
  actual: TypeName,
  evidence: () => Evidence,
  options: ReadOptions,
): Plan {
  const given = options.allText ? 'String' : givenType(options, name);
  const base = { name, note, lenient: false } as const;
  if (given !== undefined) {
    if (given === 'String') return { ...base, type: given, from: 'given', parse: undefined };
    const format = /^(Date|Time)/.test(given)
      ? momentFormat(name, given, evidence(), options)
      : undefined;
    const parse = { type: given, ...(format === undefined ? {} : { format }) };
    return { ...base, type: given, from: 'given', parse };
  }
  const plain = { ...base, from: 'inferred', parse: undefined } as const;
  // Other engines know no 128-bit integer; only nulls are text, as in CSV.
  if (actual === 'Int128') return { ...plain, type: 'Decimal(38, 0)' };
  if (actual === 'Null') return { ...plain, type: 'String' };
  if (actual !== 'String' || note !== undefined) return { ...plain, type: actual };
  const reading = momentOf(evidence(), options);
  if (reading === undefined || !/^Date/.test(reading.type)) return { ...plain, type: actual };
  return { ...plain, type: reading.type, parse: reading };
}

/** What a thousand of the texts say, spread over all of them. */
export function evidenceOf(name: string, frame: DataFrame): Evidence {
  const step = Math.max(1, Math.floor(frame.height / DATE_SAMPLE));
  const texts = frame.getColumn(name).gatherEvery(step).toArray() as (string | null)[];
  const evidence = new Evidence();
  for (const text of texts) if (text !== null) evidence.observe(text);
  return evidence;
}

function momentOf(evidence: Evidence, options: ReadOptions): Typed | undefined {
  const named = options.dateFormats?.find((format) => evidence.fits(format));
  const reading = named === undefined ? evidence.decide(false) : evidence.momentOf(named);
  return reading?.format === undefined || reading.nullText !== undefined ? undefined : reading;
}

export class TypedFrame implements Decoded {
  readonly format: FormatName;
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
    this.columns = plans.map(columnOf);
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
      columns === undefined
        ? this.#plans
        : [...new Set(columns)].map((name) => this.#planOf(name, source));
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
    const { frame, options, source, rejected, placeOfRow } = this.#content;
    let changed = false;
    const plans = this.#plans.map((plan) => {
      if (plan.parse === undefined || plan.lenient) return plan;
      const bad = collect(frame.lazy().withRowIndex('row', 0).filter(contradicts(plan)));
      if (bad.height === 0) return plan;
      changed = true;
      const text = String(bad.getColumn(plan.name).get(0));
      if (plan.from === 'inferred' && plan.type.startsWith('Date')) return asPlainText(plan, text);
      const place = placeOfRow(Number(bad.getColumn('row').get(0))) ?? {};
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
    if (changed) return new TypedFrame(this.#content, plans);
    throw planFailed(cause);
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

function valueOfPlan(plan: Plan): Expr {
  const value = col(plan.name);
  if (isCast(plan)) return value.cast(dataTypeOf(plan.type), true).alias(plan.name);
  if (plan.parse === undefined) return value;
  return valueOfText(plan.parse, value, !plan.lenient).alias(plan.name);
}

function contradicts(plan: Plan): Expr {
  const text = col(plan.name);
  const value = plan.parse === undefined ? text : valueOfText(plan.parse, text, false);
  return text.isNotNull().and(value.isNull());
}

export function unknownColumn(
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
