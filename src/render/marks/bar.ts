/** Bars: one aggregate per category or step, computed in Polars. */
import { NairobiError } from '../../errors.ts';
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { aggregate, type Key, pick } from '../data/aggregate.ts';
import { stepEnd, stepStart } from '../data/every.ts';
import { compareLabels, MISSING, shownLabel } from '../data/groups.ts';
import { type Field, labelOf, numberOf, requireNumbers } from '../fields.ts';
import type { Aggregate } from '../request.ts';
import { axisTitle, colorBy, isTerminal, liesFlat, position, timeTitle } from '../spec/encode.ts';
import { refuseStackOnLog } from '../spec/log-axes.ts';
import { columnNames, seriesLabels, seriesOf } from './series.ts';

/** More bars than this cannot be labelled in a picture of the default size. */
const MAX_BARS = 40;

export async function barPanel(scene: Scene): Promise<Panel> {
  const sideways = scene.x !== undefined && scene.ys[0]?.measure === 'nominal';
  const category = (sideways ? scene.ys[0] : scene.x) as Field;
  const value = sideways ? numericOrNone(scene.x) : scene.ys[0];
  if (value !== undefined) requireNumbers(value, 'the length of a bar');
  const agg: Aggregate = scene.request.agg ?? (value === undefined ? 'count' : 'mean');
  const stepped = scene.request.every !== undefined;
  const rows = await barRows(scene, category, value, agg);
  const kept = stepped ? rows : topBars(scene, rows, category);
  const shape = { category, value, agg, sideways: sideways || isTurned(scene, kept), stepped };
  return {
    layers: [barLayer(scene, shape, kept)],
    rows: kept,
  };
}

/** In a terminal names that do not fit below upright bars stand beside lying ones. */
function isTurned(scene: Scene, rows: readonly Row[]): boolean {
  const { every, yRange, yScale, yLines, xLines } = scene.request;
  if (!isTerminal(scene) || every !== undefined || scene.facet !== undefined) return false;
  if (yRange !== undefined || yScale !== 'linear' || yLines.length + xLines.length > 0)
    return false;
  return !liesFlat(scene, [...new Set(rows.map((row) => String(row['x'])))]);
}

/** A nominal x beside a nominal y means: count. */
function numericOrNone(field: Field | undefined): Field | undefined {
  return field?.measure === 'nominal' ? undefined : field;
}

async function barRows(
  scene: Scene,
  category: Field,
  value: Field | undefined,
  agg: Aggregate,
): Promise<Row[]> {
  const { request } = scene;
  const series = await seriesOf(scene);
  const keys: Key[] = [
    {
      name: 'x',
      expr:
        request.every === undefined
          ? labelOf(category)
          : stepStart(category, request.every, request.zone),
    },
    { name: 'color', expr: series.color.code },
    { name: 'facet', expr: series.facet.code },
  ];
  const columns = columnNames(category, value, scene.color, scene.facet);
  const groups = await aggregate(
    scene.relation,
    columns,
    keys,
    value === undefined ? undefined : numberOf(value, request.zone),
    agg === 'median',
  );
  const rows = groups.map(({ key, moments }) => ({
    x: typeof key[0] === 'string' ? shownLabel(category, key[0]) : (key[0] ?? MISSING),
    y: pick(moments, agg),
    n: moments.rows,
    color:
      seriesLabels(scene, series).length > 0 ? (series.color.labels[Number(key[1])] ?? '') : '',
    facet: series.facet.labels[Number(key[2])] ?? '',
  }));
  scene.note(
    `${formatCountOf(scene.profile.rows, 'row')} → ${formatCountOf(rows.length, 'bar')} (${agg})`,
  );
  if (request.every === undefined) return rows;
  const every = request.every;
  return rows
    .filter((row) => typeof row.x === 'number')
    .map((row) => ({ ...row, x2: stepEnd(row.x as number, category, every) }));
}

/** The longest bars when there are too many; numbers and few labels keep their own order. */
function topBars(scene: Scene, rows: readonly Row[], category: Field): Row[] {
  const totals = new Map<string, number>();
  for (const row of rows) {
    totals.set(
      String(row['x']),
      (totals.get(String(row['x'])) ?? 0) + Math.abs(Number(row['y'] ?? 0)),
    );
  }
  if (totals.size > MAX_BARS && category.measure !== 'nominal') {
    throw new NairobiError(
      'BAD_DATA',
      `Column "${category.name}" has ${formatCountOf(totals.size, 'value')}, too many for bars`,
      { hint: 'group them with --every, or use --mark histogram or line' },
    );
  }
  const byTotal = [...totals].sort((a, b) => b[1] - a[1] || compareLabels(a[0], b[0]));
  if (byTotal.length > MAX_BARS) {
    scene.note(
      `"${category.name}" has ${formatCountOf(totals.size, 'value')}: the ${MAX_BARS} longest bars are drawn`,
    );
  }
  const shown = byTotal.slice(0, MAX_BARS).map(([label]) => label);
  const order =
    category.measure === 'nominal' && !shown.every(isNumber) ? shown : shown.sort(compareLabels);
  const rank = new Map(order.map((label, index) => [label, index]));
  return rows
    .filter((row) => rank.has(String(row['x'])))
    .map((row) => ({ ...row, x: String(row['x']) }))
    .sort((a, b) => (rank.get(a.x) ?? 0) - (rank.get(b.x) ?? 0));
}

const isNumber = (label: string): boolean => label !== '' && !Number.isNaN(Number(label));

interface BarShape {
  readonly category: Field;
  readonly value: Field | undefined;
  readonly agg: Aggregate;
  readonly sideways: boolean;
  readonly stepped: boolean;
}

function barLayer(scene: Scene, shape: BarShape, rows: readonly Row[]): Spec {
  const { category, value, agg, sideways, stepped } = shape;
  const labels = [...new Set(rows.map((row) => String(row['x'])))];
  const along = sideways ? 'y' : 'x';
  const across = sideways ? 'x' : 'y';
  const length = value === undefined ? 'rows' : axisTitle([value.name], agg);
  const colors =
    scene.color === undefined ? [] : [...new Set(rows.map((row) => String(row['color'])))];
  const additive = agg === 'sum' || agg === 'count';
  if (colors.length > 1 && additive) refuseStackOnLog(scene, 'Bars of several colours');
  // One colour for each category needs neither room beside it nor a second list of the names.
  const isOwn = scene.color?.name === category.name;
  return {
    mark: { type: 'bar', ...(stepped ? { binSpacing: 1 } : {}) },
    encoding: {
      [along]: position(scene, along, 'x', {
        title: timeTitle(category.name, category.measure, scene.request.zone),
        measure: stepped ? category.measure : 'nominal',
        labels: stepped ? [] : labels,
        extra: stepped ? { bin: 'binned' } : {},
      }),
      ...(stepped ? { [`${along}2`]: { field: 'x2' } } : {}),
      [across]: position(scene, across, 'y', {
        title: length,
        measure: 'quantitative',
        zero: true,
        extra: { stack: colors.length > 0 && additive ? 'zero' : null },
      }),
      ...colorBy(scene.color?.name ?? null, colors.sort(compareLabels), isOwn),
      ...(colors.length > 0 && !additive && !stepped && !isOwn
        ? { [`${along}Offset`]: { field: 'color', sort: null } }
        : {}),
    },
  };
}
