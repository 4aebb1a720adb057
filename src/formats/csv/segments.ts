/** Delimited text read a segment at a time, under a plan made from its beginning. */
import { type DataFrame, toFrame } from '../../compute/polars.ts';
import type { Column, PlainShape } from '../../compute/relation.ts';
import { assert, type NairobiError } from '../../errors.ts';
import type { CutRules } from '../cut.ts';
import { nothingRejected } from '../decoded.ts';
import type { FormatName } from '../detect.ts';
import type { ReadOptions, Rejected, Understood } from '../options.ts';
import {
  Contradiction,
  located,
  moved,
  type Segment,
  type SegmentedText,
  type Survey,
} from '../segment.ts';
import { clean, MAX_EXAMPLES, type Mended, mendedNotes, NOTHING_MENDED } from './clean.ts';
import { asCounted, CsvDecoded, oddIn, plainShape, sniffText } from './csv.ts';
import { type Evidence, isOpen, observeValues } from './evidence.ts';
import { refuseOtherQuotes } from './first-quotes.ts';
import { ODD, watchOf } from './odd-values.ts';
import type { CsvText } from './parse.ts';
import type { RecordStart } from './records.ts';
import { contradiction, extremes, findOffence, LOOKED_AT, locate, wider } from './recover.ts';
import { type CsvColumn, type CsvPlan, readingOf } from './sniff.ts';
import { undecided } from './undecided.ts';

const START: RecordStart = { byte: 0, line: 1 };

export class CsvSegments implements SegmentedText {
  readonly #path: string;
  readonly #options: ReadOptions;
  #plan: CsvPlan;
  #rejected = nothingRejected();
  #mended: Mended = NOTHING_MENDED;
  /** Columns that stay as they are although some values need another type. */
  readonly #settled = new Set<number>();
  /** What is known of columns that are text only because nothing said what else. */
  readonly #undecided: Map<number, Evidence>;

  /** `head` is UTF-8 and the beginning of the content. Throws as sniffCsv does. */
  constructor(head: Buffer, format: FormatName, options: ReadOptions, path: string) {
    this.#path = path;
    this.#options = options;
    this.#plan = sniffText(head, format, options, path, false);
    this.#undecided = undecided(head, this.#plan, options);
  }

  get columns(): readonly Column[] {
    return this.#plan.columns.map(({ name, type }) => ({ name, type }));
  }

  get understood(): Understood {
    const { understood } = this.#decoded(NO_RECORDS, nothingRejected());
    return { ...understood, notes: [...understood.notes, ...mendedNotes(this.#mended)] };
  }

  get rejected(): Rejected {
    return this.#rejected;
  }

  get rules(): CutRules {
    const { dialect, columns } = this.#plan;
    return { kind: 'delimited', dialect, fields: columns.length };
  }

  get start(): RecordStart {
    return this.#plan.data;
  }

  /** True when types are to be inferred from rows that the beginning does not hold. */
  get needsMoreRows(): boolean {
    const { inferRows } = this.#options;
    const { sampledRows } = this.#plan;
    if (inferRows === undefined || sampledRows === 'all') return false;
    return inferRows === 'all' || inferRows > sampledRows;
  }

  read(segment: Segment, columns?: readonly string[]): DataFrame {
    const rejected = nothingRejected();
    const [frame, mended] = located(segment, () => {
      const decoded = this.#decoded(segment, rejected);
      return [this.#parse(decoded, segment, columns), decoded.text.cleaned.mended] as const;
    });
    this.#requireNothingNew(frame, segment);
    this.#add(rejected, segment.place);
    const { blankLines, strayQuotes } = this.#mended;
    this.#mended = {
      blankLines: blankLines + mended.blankLines,
      strayQuotes: strayQuotes + mended.strayQuotes,
    };
    return frame;
  }

  /** Not where a value may tell what a column is by more than being there: see `undecided`. */
  plain(columns: readonly string[]): PlainShape | undefined {
    const wanted = this.#plan.columns.map(({ name }) => columns.includes(name));
    const isOpen = [...this.#undecided.keys()].some(
      (index) => wanted[index] === true && this.#plan.columns[index]?.unseen !== true,
    );
    const isLenient = [...this.#settled].some((index) => wanted[index] === true);
    return isOpen || isLenient ? undefined : plainShape(this.#plan, this.#options);
  }

  get mayTellMore(): boolean {
    return this.#undecided.size > 0;
  }

  agrees(content: Buffer): boolean {
    const { columns } = sniffText(content, this.#plan.format, this.#options, this.#path);
    const shape = ({ type, format, nullText }: CsvColumn): string =>
      `${type} ${format} ${nullText}`;
    return columns.every((one, index) => {
      const mine = this.#plan.columns[index];
      return mine !== undefined && shape(mine) === shape(one);
    });
  }

  restart(): void {
    this.#rejected = nothingRejected();
    this.#mended = NOTHING_MENDED;
  }

  survey(contradiction?: Contradiction): Survey {
    if (contradiction === undefined) {
      const all = [...this.#undecided].map(([index, evidence]) => this.#deciding(index, evidence));
      return {
        observe: (segment) => {
          for (const one of all) one.observe(segment);
        },
        decide: () => {
          for (const one of all) one.decide();
        },
      };
    }
    const { column } = contradiction;
    const index = this.#plan.columns.findIndex(({ name }) => name === column);
    assert(index >= 0, `a contradiction names a column: ${column}`);
    const evidence = this.#undecided.get(index);
    return evidence === undefined ? this.#widening(index) : this.#deciding(index, evidence);
  }

  #decoded(segment: Pick<Segment, 'bytes' | 'cut'>, rejected: Rejected): CsvDecoded {
    const { bytes, cut } = segment;
    assert(cut.census !== undefined, 'a cut of delimited text has a census');
    const columns = this.#plan.columns.map(
      (column, index): CsvColumn =>
        this.#settled.has(index) ? { ...column, from: 'given' } : column,
    );
    const { dialect } = this.#plan;
    if (this.#plan.unsureQuotes) refuseOtherQuotes(bytes, dialect);
    const onError = this.#options.onError ?? 'fail';
    const cleaning = {
      bytes,
      dialect,
      fields: columns.length,
      onError,
      path: this.#path,
      rejected,
    };
    const text = {
      source: { path: this.#path, bytes },
      bytes,
      options: this.#options,
      census: cut.census,
      cleaned: clean(cut.census, 0, cleaning),
      rejected,
    };
    const plan = asCounted({ ...this.#plan, columns, data: START, first: START }, cut.census);
    return new CsvDecoded(text, withoutOdd(text, plan), new Set());
  }

  #parse(first: CsvDecoded, segment: Segment, columns?: readonly string[]): DataFrame {
    for (let decoded = first; ; ) {
      try {
        return toFrame(decoded.read(columns));
      } catch (cause) {
        const next = decoded.recover(cause);
        assert(next instanceof CsvDecoded, 'delimited text stays delimited text');
        this.#requireTypes(decoded, next, segment);
        decoded = next;
      }
    }
  }

  #requireTypes(failed: CsvDecoded, { plan }: CsvDecoded, { place }: Segment): void {
    const index = plan.columns.findIndex(({ type }, at) => type !== failed.plan.columns[at]?.type);
    const column = plan.columns[index];
    if (column === undefined) return;
    const offence = findOffence(failed, index);
    const [there = START] = locate(failed, offence?.rows.slice(0, 1) ?? []);
    const { name, type } = column;
    const was = failed.plan.columns[index]?.type;
    const value = JSON.stringify(offence?.texts[0] ?? '');
    throw new Contradiction(
      `column "${name}" was ${was} from its beginning on, and ${value} is none`,
      name,
      type,
      { file: this.#path, ...moved(there, place), column: name },
    );
  }

  /** Every value of such a column is looked at: it may not matter where segments end. */
  #requireNothingNew(frame: DataFrame, { place }: Segment): void {
    for (const [index, evidence] of this.#undecided) {
      const { name } = this.#plan.columns[index] as CsvColumn;
      if (!frame.columns.includes(name)) continue;
      observeValues(frame, name, evidence);
      const reading = readingOf(evidence, this.#plan.dialect, this.#options);
      if (!isOpen(evidence, reading)) this.#undecided.delete(index);
      const { type } = reading;
      if (type === 'String') continue;
      throw new Contradiction(
        `column "${name}" said nothing about its type at its beginning and is ${type} later`,
        name,
        type,
        { file: this.#path, line: place.line, column: name },
      );
    }
  }

  #add(rejected: Rejected, place: RecordStart): void {
    this.#rejected.rows += rejected.rows;
    this.#rejected.values += rejected.values;
    for (const example of rejected.examples) {
      if (this.#rejected.examples.length >= MAX_EXAMPLES) return;
      this.#rejected.examples.push(moved(example, place));
    }
  }

  #replace(index: number, column: CsvColumn): void {
    const columns = this.#plan.columns.with(index, column);
    const notes = column.note === undefined ? [] : [column.note];
    this.#plan = { ...this.#plan, columns, notes: [...this.#plan.notes, ...notes] };
  }

  #deciding(index: number, evidence: Evidence): Survey {
    const { name, from } = this.#plan.columns[index] as CsvColumn;
    return {
      observe: (segment) => {
        const decoded = this.#decoded(segment, nothingRejected());
        observeValues(this.#parse(decoded, segment, [name]), name, evidence);
      },
      decide: () => {
        this.#undecided.delete(index);
        const reading = readingOf(evidence, this.#plan.dialect, this.#options);
        this.#replace(index, { name, from, ...reading });
      },
    };
  }

  /** Whether a wider type holds all values is known when all were looked at. */
  #widening(index: number): Survey {
    const column = this.#plan.columns[index] as CsvColumn;
    const ends = new Set<string>();
    const texts: string[] = [];
    let count = 0;
    let first: (() => NairobiError) | undefined;
    return {
      observe: (segment) => {
        const parse = this.#decoded(segment, nothingRejected());
        for (const text of extremes(parse, index)) ends.add(text);
        const offence = findOffence(parse, index);
        if (offence === undefined) return;
        count += offence.count;
        texts.push(...offence.texts.slice(0, LOOKED_AT - texts.length));
        const [place] = locate(parse, offence.rows.slice(0, 1));
        const there = place === undefined ? undefined : moved(place, segment.place);
        first ??= () => contradiction(parse, { column, texts, count }, there);
      },
      decide: () => {
        const wide = wider({ column, texts, count }, () => [...ends]);
        if (wide !== undefined) this.#replace(index, wide);
        else if ((this.#options.onError ?? 'fail') === 'fail' && first !== undefined) throw first();
        else this.#settled.add(index);
      },
    };
  }
}

/** Columns of this segment with values that a parser takes for others take no such value. */
function withoutOdd(text: CsvText, plan: CsvPlan): CsvPlan {
  const watch = watchOf(plan, ODD.number | ODD.double | ODD.micros);
  if (watch === undefined || text.cleaned.bytes.length === 0) return plan;
  const found = oddIn(text, plan, watch);
  const columns = plan.columns.map(
    (column, index): CsvColumn => (found[index] === 0 ? column : { ...column, exact: true }),
  );
  return { ...plan, columns };
}

const NO_RECORDS = {
  bytes: Buffer.alloc(0),
  cut: { byteLength: 0, lines: 0, census: { rows: 0, faulty: [] } },
};
