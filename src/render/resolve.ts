/** From names to fields and from types to a mark: what the request means on these columns. */
import type { Relation } from '../compute/relation.ts';
import { NairobiError } from '../errors.ts';
import { formatCount } from '../units.ts';
import type { Scene } from './chart.ts';
import { countLabels } from './data/groups.ts';
import { type Extent, profile } from './data/profile.ts';
import { type Field, fieldOf } from './fields.ts';
import type { ProbeGl } from './gl/choose.ts';
import { repeatsOf } from './repeats.ts';
import type { Mark, PlotRequest } from './request.ts';

/** Columns looked at when nothing was asked for: enough to find a time and a number. */
const AUTO_COLUMNS = 60;
/** A text column with more values than this is a name or an id, no category. */
const MAX_CATEGORIES = 30;

type Note = (text: string) => void;

/** What the engine lends to a chart. */
export interface Tools {
  readonly note: Note;
  readonly detail: Note;
  readonly probeGl: ProbeGl;
}

/** The scene of a request; notes what it chose by itself. */
export async function resolveScene(
  relation: Relation,
  request: PlotRequest,
  tools: Tools,
): Promise<Scene> {
  const { note } = tools;
  if (relation.columns.length === 0) {
    throw new NairobiError('BAD_DATA', `${relation.name} has no columns to draw`);
  }
  const named = {
    x: request.x === undefined ? undefined : await fieldOf(relation, request.x),
    ys: await Promise.all(request.y.map((name) => fieldOf(relation, name))),
  };
  const chosen = await choose(relation, request, named, note);
  const split = await splitRepeats(relation, request, chosen, note);
  const asked = request.color === undefined ? undefined : await fieldOf(relation, request.color);
  const color = asked ?? split.color;
  const facet = request.facet === undefined ? undefined : await fieldOf(relation, request.facet);
  const by = await lineField(relation, request, chosen.mark);
  const measured = [chosen.x, ...chosen.ys].filter(
    (field): field is Field => field !== undefined && field.measure !== 'nominal',
  );
  const log = request.xScale === 'log' || request.yScale === 'log';
  const facts = await profile(relation, uniqueFields(measured), request.zone, log);
  for (const field of uniqueFields(measured)) noteGaps(field, facts.extents.get(field.name), note);
  const drawn = split.agg === undefined ? request : { ...request, agg: split.agg };
  return { relation, request: drawn, ...chosen, color, facet, by, profile: facts, ...tools };
}

/**
 * A line through several values at one x goes up and down there. Over an x that was not named it is
 * one line for each category that tells them apart, or their mean; else the hint is all.
 */
async function splitRepeats(
  relation: Relation,
  request: PlotRequest,
  { mark, x, ys }: Chosen,
  note: Note,
): Promise<{ readonly color?: Field; readonly agg?: 'mean' }> {
  const { color, facet, by, agg, every } = request;
  const isLine = (mark === 'line' || mark === 'area') && x !== undefined && x.measure !== 'nominal';
  const isSplit = [color, facet, by, agg, every].some((one) => one !== undefined);
  if (!isLine || isSplit || request.reduce === 'density') return {};
  const isNamed = request.x !== undefined;
  const others = isNamed ? [] : await candidates(relation, new Set(ys.map(({ name }) => name)));
  const repeats = await repeatsOf(relation, x, others);
  if (!repeats.are) return {};
  if (isNamed) {
    note(`several rows share one "${x.name}": --color COLUMN splits them, --agg mean joins them`);
    return {};
  }
  if (repeats.apart !== undefined && ys.length === 1) {
    note(`several rows share one "${x.name}": one line for each "${repeats.apart.name}"`);
    return { color: repeats.apart };
  }
  note(`several rows share one "${x.name}": drawing their mean`);
  return { agg: 'mean' };
}

/** The column of --by, which only lines have. */
async function lineField(
  relation: Relation,
  { by }: PlotRequest,
  mark: Mark,
): Promise<Field | undefined> {
  if (by === undefined) return undefined;
  if (mark === 'line') return fieldOf(relation, by);
  throw new NairobiError('USAGE', `--by splits lines, and this is ${article(mark)} chart`, {
    hint: 'use --color or --facet, or draw lines with --mark line',
  });
}

function uniqueFields(fields: readonly Field[]): Field[] {
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

/** Says what cannot be drawn; a column without a single finite value leaves an empty chart. */
function noteGaps(field: Field, extent: Extent | undefined, note: Note): void {
  if (extent === undefined) return;
  const parts = [
    extent.infinities > 0 ? `${formatCount(extent.infinities)} infinite` : '',
    extent.nans > 0 ? `${formatCount(extent.nans)} NaN` : '',
    extent.nulls > 0 ? `${formatCount(extent.nulls)} missing` : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) note(`"${field.name}": ${parts.join(', ')} values left out`);
}

interface Chosen {
  readonly mark: Mark;
  readonly x: Field | undefined;
  readonly ys: readonly Field[];
}

interface Named {
  readonly x: Field | undefined;
  readonly ys: readonly Field[];
}

async function choose(
  relation: Relation,
  request: PlotRequest,
  named: Named,
  note: Note,
): Promise<Chosen> {
  const { mark } = request;
  if (named.x === undefined && named.ys.length === 0) return chooseAll(relation, mark, note);
  if (named.x === undefined) return chooseX(relation, mark, named.ys, note);
  if (mark !== undefined) return { mark, ...named };
  const picked = markFor(named.x, named.ys, request);
  note(`drawing ${article(picked)} chart; --mark chooses another`);
  return { mark: picked, ...named };
}

const article = (mark: Mark): string => (/^[aeiou]/.test(mark) ? `an ${mark}` : `a ${mark}`);

/** The usual chart of two types. */
function markFor(x: Field, ys: readonly Field[], request: PlotRequest): Mark {
  const [y] = ys;
  if (y === undefined) return x.measure === 'nominal' ? 'bar' : 'histogram';
  if (x.measure === 'temporal')
    return request.every !== undefined && request.agg === 'count' ? 'bar' : 'line';
  if (x.measure === 'nominal' || y.measure === 'nominal') return 'bar';
  return request.agg !== undefined || request.every !== undefined ? 'line' : 'point';
}

/** Only -y: over the first time column, else its distribution. */
async function chooseX(
  relation: Relation,
  mark: Mark | undefined,
  ys: readonly Field[],
  note: Note,
): Promise<Chosen> {
  const others = await candidates(relation, new Set(ys.map((field) => field.name)));
  const time = others.find((field) => field.measure === 'temporal');
  const [y] = ys;
  const alone = mark === 'histogram' || mark === 'ecdf' || mark === 'qq' || mark === 'density';
  if ((alone || time === undefined) && mark !== 'line' && mark !== 'point' && y !== undefined) {
    if (mark === 'box' || mark === 'violin' || mark === 'strip') return { mark, x: undefined, ys };
    const picked = mark ?? (y.measure === 'nominal' ? 'bar' : 'histogram');
    note(`no -x given: drawing the ${picked} of "${y.name}"`);
    return { mark: picked, x: y, ys: [] };
  }
  const x = time ?? others.find((field) => field.measure === 'quantitative');
  if (x === undefined)
    throw new NairobiError('USAGE', 'No column to put on the x axis', { hint: 'name one with -x' });
  note(`no -x given: drawing over "${x.name}"`);
  return { mark: mark ?? (x.measure === 'temporal' ? 'line' : 'point'), x, ys };
}

/** Nothing named: a number over time, one number's distribution, or the size of each category. */
async function chooseAll(relation: Relation, mark: Mark | undefined, note: Note): Promise<Chosen> {
  const fields = await candidates(relation, new Set());
  const time = fields.find((field) => field.measure === 'temporal');
  const numbers = fields.filter((field) => field.measure === 'quantitative' && !looksLikeId(field));
  const number = numbers[0] ?? fields.find((field) => field.measure === 'quantitative');
  const found = await pickAll(relation, mark, { time, number, second: numbers[1], fields });
  const over = found.ys.map((field) => `"${field.name}"`).join(', ');
  note(
    `no columns named: drawing ${article(found.mark)} chart of ${over === '' ? '' : `${over} over `}"${found.x?.name}"; -x, -y and --mark choose others`,
  );
  return found;
}

interface Finds {
  readonly time: Field | undefined;
  readonly number: Field | undefined;
  readonly second: Field | undefined;
  readonly fields: readonly Field[];
}

async function pickAll(relation: Relation, mark: Mark | undefined, finds: Finds): Promise<Chosen> {
  const { time, number, second, fields } = finds;
  if (mark === 'point' && number !== undefined && second !== undefined)
    return { mark, x: number, ys: [second] };
  const single = mark === 'histogram' || mark === 'ecdf' || mark === 'qq' || mark === 'density';
  if (number !== undefined && single) return { mark, x: number, ys: [] };
  if (time !== undefined && number !== undefined)
    return { mark: mark ?? 'line', x: time, ys: [number] };
  const category = await firstCategory(relation, fields);
  if (
    category !== undefined &&
    number !== undefined &&
    (mark === undefined || mark === 'bar' || mark === 'box')
  ) {
    return { mark: mark ?? 'box', x: category, ys: [number] };
  }
  if (number !== undefined && second !== undefined)
    return { mark: mark ?? 'point', x: number, ys: [second] };
  if (number !== undefined) return { mark: mark ?? 'histogram', x: number, ys: [] };
  const first = category ?? time ?? fields[0];
  if (first === undefined)
    throw new NairobiError('BAD_DATA', `${relation.name} has no column that can be drawn`);
  return { mark: mark ?? (first.measure === 'nominal' ? 'bar' : 'histogram'), x: first, ys: [] };
}

async function candidates(relation: Relation, without: ReadonlySet<string>): Promise<Field[]> {
  const columns = relation.columns.filter(
    (column) =>
      !without.has(column.name) &&
      !/^(List|Array|Struct|Binary|Null|Int128|UInt128)/.test(column.type),
  );
  return Promise.all(
    columns.slice(0, AUTO_COLUMNS).map((column) => fieldOf(relation, column.name)),
  );
}

const looksLikeId = (field: Field): boolean =>
  /(^|_)(id|key|uuid|zip|code)$/i.test(field.name) && field.type.includes('Int');

async function firstCategory(
  relation: Relation,
  fields: readonly Field[],
): Promise<Field | undefined> {
  for (const field of fields.filter((candidate) => candidate.measure === 'nominal').slice(0, 8)) {
    const values = (await countLabels(relation, field)).size;
    if (values >= 2 && values <= MAX_CATEGORIES) return field;
  }
  return undefined;
}
