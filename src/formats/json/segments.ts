/** NDJSON or an array of objects, a segment at a time, under what its beginning told of them. */
import { type DataFrame, toFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { columnsOf } from '../../compute/types.ts';
import type { NairobiError, Where } from '../../errors.ts';
import { Evidence, isOpen, observeValues } from '../csv/evidence.ts';
import type { RecordStart } from '../csv/records.ts';
import type { CutRules } from '../cut.ts';
import { nothingRejected } from '../decoded.ts';
import type { ReadOptions, Rejected, Understood } from '../options.ts';
import {
  Contradiction,
  located,
  moved,
  type Segment,
  type SegmentedText,
  type Survey,
} from '../segment.ts';
import { columnOf, evidenceOf, type Plan, planOf, TypedFrame, withFields } from '../typed-frame.ts';
import { JSON_KIND, type JsonCensus, type JsonPath, jsonCensus } from './census.ts';
import { asGiven, explain } from './json.ts';
import { type JsonLayout, LINES } from './layout.ts';
import { badLines, isJson, withoutLines } from './lines.ts';
import { forcedTexts, parseLines, tellingRecords } from './parse.ts';
import { changesType, isUnescaped, type JsonColumn, jsonColumns } from './schema.ts';

const MAX_EXAMPLES = 10;

export class JsonSegments implements SegmentedText {
  readonly rules: CutRules;
  readonly start: RecordStart;
  readonly #layout: JsonLayout;
  readonly #path: string;
  readonly #options: ReadOptions;
  /** Whole records of the beginning, one a line. */
  readonly #head: Buffer;
  readonly #paths = new Map<number, JsonPath>();
  /** Records that show all that types depend on. */
  readonly #telling: string[] = [];
  /** Columns of texts that are no dates after all, and those that may be yet. */
  readonly #notDates = new Set<string>();
  readonly #undecided = new Map<string, Evidence>();
  #rejected = nothingRejected();
  #columns: readonly JsonColumn[] = [];
  #plans: readonly Plan[] = [];
  /** More was learnt than the plans know. */
  #isStale = false;

  /** Throws as reading all of it would, for what is wrong with the beginning. */
  constructor(head: Buffer, options: ReadOptions, path: string, layout: JsonLayout = LINES) {
    this.#path = path;
    this.#options = options;
    this.#layout = layout;
    this.rules = layout.rules;
    this.start = layout.start;
    const first = { bytes: layout.headOf(head), place: layout.start };
    const { bytes, census } = this.#sound(first, nothingRejected());
    this.#head = bytes;
    this.#learn(bytes, census);
    this.#plan();
  }

  get columns(): readonly Column[] {
    return this.#plans.map(columnOf);
  }

  get understood(): Understood {
    const nothing = Buffer.alloc(0);
    return this.#typed(nothing, nothing, nothingRejected()).understood;
  }

  get rejected(): Rejected {
    return this.#rejected;
  }

  read(segment: Segment, columns?: readonly string[]): DataFrame {
    const rejected = nothingRejected();
    const work = (): DataFrame => {
      const { bytes, census } = this.#sound(segment, rejected);
      for (const path of census.paths) this.#requireKnown(path, segment, columns);
      // News of keys that nobody asked for; Polars has to know them all the same.
      if (this.#learn(bytes, census)) {
        this.#isStale = true;
        this.#columns = this.#columnsNow();
      }
      return this.#rows(this.#typed(bytes, segment.bytes, rejected), segment, columns);
    };
    const frame = located(segment, work, this.#path);
    for (const [name, evidence] of this.#undecided) {
      if (!frame.columns.includes(name)) continue;
      observeValues(frame, name, evidence);
      const reading = evidence.decide(false);
      if (!isOpen(evidence, reading)) this.#undecided.delete(name);
      if (/^Date/.test(reading.type)) throw this.#contradiction(name, reading.type, segment);
    }
    this.#add(rejected, segment.place);
    return frame;
  }

  get mayTellMore(): boolean {
    return true;
  }

  /** Every key and kind of value was looked at on the way. */
  agrees(): boolean {
    return true;
  }

  restart(): void {
    this.#rejected = nothingRejected();
    if (this.#isStale) this.#plan();
  }

  survey(contradiction?: Contradiction): Survey {
    const { column = '', type } = contradiction ?? {};
    const plan = this.#plans.find(({ name }) => name === column);
    const evidence = new Evidence();
    const isDate = type !== undefined && /^Date/.test(type);
    if (plan?.parse !== undefined && !isDate) this.#notDates.add(column);
    const look = (segment: Segment): void => {
      const { bytes, census } = this.#sound(segment, nothingRejected());
      this.#learn(bytes, census);
      if (!isDate) return;
      const rows = this.#typed(bytes, segment.bytes, nothingRejected());
      observeValues(toFrame(rows.read()), column, evidence);
    };
    return {
      observe: (segment) => located(segment, () => look(segment), this.#path),
      decide: () => {
        this.#undecided.delete(column);
        this.#plan(isDate ? new Map([[column, evidence]]) : undefined);
      },
    };
  }

  /** The records that are objects, one a line; throws for the first that is none, if it must. */
  #sound(
    { bytes: given, place }: Pick<Segment, 'bytes' | 'place'>,
    rejected: Rejected,
  ): { bytes: Buffer; census: JsonCensus } {
    const all = this.#layout.asLines(given, place.byte === this.start.byte);
    const counted = jsonCensus(all, 'ndjson', this.#path);
    // What is learnt from must be sound; the others are parsed right after this.
    const isSound =
      !counted.isUnsound && counted.paths.length > 0 && tellingRecords(all, counted).every(isJson);
    const bytes = isSound ? all : this.#withoutBad(all, given, rejected);
    return { bytes, census: bytes === all ? counted : jsonCensus(bytes, 'ndjson', this.#path) };
  }

  /** `lines` without those that are no objects, if they may be left out. */
  #withoutBad(lines: Buffer, given: Buffer, rejected: Rejected): Buffer {
    const bad = badLines(lines);
    if (bad.length === 0) return lines;
    const wrong = this.#layout.explain(lines, given, this.#path);
    if (wrong !== undefined) throw wrong;
    if ((this.#options.onError ?? 'fail') === 'fail') throw this.#explained(lines, '');
    rejected.rows += bad.length;
    rejected.examples.push(...bad.slice(0, MAX_EXAMPLES));
    return withoutLines(lines, bad);
  }

  #explained(bytes: Buffer, cause: unknown): NairobiError {
    return explain(bytes, 'ndjson', this.#path, cause);
  }

  /** True when there was anything to learn. */
  #learn(bytes: Buffer, census: JsonCensus): boolean {
    const isNews = census.paths.some(
      ({ id, kinds }) => (kinds & ~(this.#paths.get(id)?.kinds ?? 0)) !== 0 || !this.#paths.has(id),
    );
    if (!isNews) return false;
    this.#telling.push(...tellingRecords(bytes, census));
    for (const path of census.paths) {
      const kinds = path.kinds | (this.#paths.get(path.id)?.kinds ?? 0);
      this.#paths.set(path.id, { ...path, kinds });
    }
    return true;
  }

  #columnsNow(): JsonColumn[] {
    const paths = [...this.#paths.values()];
    return jsonColumns({ paths }, this.#path).map((one) => asGiven(one, this.#options, this.#path));
  }

  /** What the columns are, by all that was learnt. */
  #plan(known: ReadonlyMap<string, Evidence> = new Map()): void {
    this.#isStale = false;
    this.#columns = this.#columnsNow();
    const frame = this.#parsed(this.#head, this.#head, nothingRejected());
    const parsed = columnsOf(frame);
    const types = new Map(parsed.map(({ name, type }) => [name, type]));
    const plans = this.#columns.map((column) => {
      const { name } = column;
      const plan = planOf(
        column,
        types.get(name) ?? 'Null',
        () => evidenceOf(name, frame),
        this.#options,
      );
      if (plan.from === 'given') return plan;
      const text = { ...plan, type: 'String', parse: undefined };
      if (this.#notDates.has(name) && plan.parse !== undefined) return text;
      const reading = known.get(name)?.decide(false);
      if (reading !== undefined && /^Date/.test(reading.type)) {
        return { ...plan, type: reading.type, parse: reading };
      }
      this.#watch(plan, frame);
      return plan;
    });
    this.#plans = withFields(plans, parsed);
  }

  /** Texts that say nothing about dates yet may still become dates. */
  #watch({ name, type, note }: Plan, frame: DataFrame): void {
    if (type !== 'String' || note !== undefined || this.#undecided.has(name)) return;
    const evidence = evidenceOf(name, frame);
    if (isOpen(evidence, evidence.decide(false))) this.#undecided.set(name, evidence);
  }

  #parsed(lines: Buffer, given: Buffer, rejected: Rejected): DataFrame {
    const front = [...forcedTexts(this.#columns), ...this.#telling];
    try {
      return parseLines(lines, front);
    } catch (cause) {
      const sound = this.#withoutBad(lines, given, rejected);
      if (sound !== lines) return this.#parsed(sound, given, rejected);
      throw this.#explained(lines, cause);
    }
  }

  #typed(lines: Buffer, given: Buffer, rejected: Rejected): TypedFrame {
    const content = {
      source: { path: this.#path, bytes: lines },
      format: this.#layout.format,
      options: this.#options,
      rejected,
      frame: this.#parsed(lines, given, rejected),
      placeOfRow: (row: number) => this.#layout.placeOf(row, lines, given),
    };
    return new TypedFrame(content, this.#plans);
  }

  #rows(first: TypedFrame, segment: Segment, columns?: readonly string[]): DataFrame {
    for (let typed: ReturnType<TypedFrame['recover']> = first; ; ) {
      try {
        return toFrame(typed.read(columns));
      } catch (cause) {
        typed = typed.recover(cause);
        const other = typed.columns.find(({ type }, at) => type !== this.#plans[at]?.type);
        if (other !== undefined) throw this.#contradiction(other.name, other.type, segment);
      }
    }
  }

  #requireKnown(path: JsonPath, segment: Segment, columns: readonly string[] | undefined): void {
    const { id, root, isRoot, kinds } = path;
    const known = this.#paths.get(id);
    const isAsked = columns?.includes(root) !== false;
    const text = this.#columns.find(({ name, asText }) => asText && name === root);
    // A key whose kinds made it text: what comes later has to be as plain as what was.
    const isOdd = text?.note !== undefined && isAsked && isUnescaped(path);
    if (isOdd) throw this.#contradiction(root, undefined, segment);
    if (text !== undefined && !isRoot) return;
    if (known === undefined) {
      const isAll = columns === undefined || columns.length >= this.#plans.length;
      if (isRoot && !isAll) return;
      if (isAsked || isRoot) throw this.#contradiction(root, undefined, segment);
      return;
    }
    if (text !== undefined || !isAsked || !changesType(known.kinds, kinds)) return;
    throw this.#contradiction(root, typeOfNumbers(known.kinds | kinds), segment);
  }

  #contradiction(column: string, type: string | undefined, { place }: Segment): Contradiction {
    const where: Where = { file: this.#path, line: place.line, column };
    const isKnown = this.#plans.some(({ name }) => name === column);
    const what = isKnown ? 'has values of another kind later' : 'first comes late';
    return new Contradiction(`"${column}" ${what}`, column, type, where);
  }

  #add(rejected: Rejected, place: RecordStart): void {
    this.#rejected.rows += rejected.rows;
    this.#rejected.values += rejected.values;
    const room = MAX_EXAMPLES - this.#rejected.examples.length;
    this.#rejected.examples.push(
      ...rejected.examples.slice(0, room).map((one) => moved(one, place)),
    );
  }
}

const typeOfNumbers = (kinds: number): string => {
  const numbers =
    JSON_KIND.integer | JSON_KIND.inexactInteger | JSON_KIND.float | JSON_KIND.inexactFloat;
  return (kinds & ~numbers & ~JSON_KIND.null) === 0 ? 'Float64' : 'String';
};
