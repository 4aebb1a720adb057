/** Values of one or several columns by category, colour and facet, and their fine histograms. */
import { polars } from '../../compute/polars.ts';
import type { Scene } from '../chart.ts';
import { type Field, numberOf, requireNumbers } from '../fields.ts';
import { columnNames, dense, type Series } from '../marks/series.ts';
import { transformed, transformOf } from '../reduce/transform.ts';
import type { ScaleKind } from '../request.ts';
import { type Groups, groupsOf, oneGroup } from './groups.ts';
import type { Extent } from './profile.ts';
import { select, typed } from './stream.ts';

/** Groups side by side on a category axis: the values of -x, or one for each -y column. */
export interface Distribution {
  readonly fields: readonly Field[];
  readonly category: Groups;
  readonly series: Series;
  /** Cells in the order facet, category, colour. */
  readonly cells: readonly Cell[];
  readonly min: number;
  readonly max: number;
}

export interface Cell {
  readonly category: string;
  readonly color: string;
  readonly facet: string;
}

/** More side by side cannot be told apart. */
const MAX_CATEGORIES = 30;

export async function distributionOf(
  scene: Scene,
  fields: readonly Field[],
  by: Field | undefined,
  series: Series,
): Promise<Distribution> {
  for (const field of fields) requireNumbers(field, `a ${scene.mark}`);
  const melted = by === undefined;
  const category = melted
    ? { ...oneGroup(''), labels: fields.map((field) => field.name) }
    : await groupsOf(scene.relation, by, MAX_CATEGORIES);
  const cells = series.facet.labels.flatMap((facet) =>
    category.labels.flatMap((label) =>
      series.color.labels.map((color): Cell => ({ category: label, color, facet })),
    ),
  );
  const extents = fields.map((field) => scene.profile.extents.get(field.name)).filter(hasValues);
  return {
    fields,
    category,
    series,
    cells,
    min: Math.min(...extents.map((extent) => extent.min)),
    max: Math.max(...extents.map((extent) => extent.max)),
  };
}

const hasValues = (extent: Extent | undefined): extent is Extent =>
  extent !== undefined && extent.count > 0;

/** Calls `visit` with every finite value (after the scale function) and the index of its cell. */
export async function eachValue(
  scene: Scene,
  of: Distribution,
  by: Field | undefined,
  kind: ScaleKind,
  visit: (value: number, cell: number) => void,
): Promise<void> {
  const pl = polars();
  const { category, series, fields } = of;
  const colors = series.color.labels.length;
  const perFacet = category.labels.length * colors;
  const cell = series.facet.code
    .mul(pl.lit(perFacet))
    .add(by === undefined ? pl.lit(0) : category.code.mul(pl.lit(colors)))
    .add(series.color.code);
  const exprs = [
    ...fields.map((field, i) =>
      dense(transformed(numberOf(field, scene.request.zone), kind), `v${i}`),
    ),
    cell.cast(pl.Float64).alias('cell'),
  ];
  const columns = columnNames(...fields, by, scene.color, scene.facet);
  for await (const frame of select(scene.relation, columns, exprs)) {
    const base = typed<Float64Array>(frame, 'cell');
    fields.forEach((_, index) => {
      const values = typed<Float64Array>(frame, `v${index}`);
      const shift = by === undefined ? index * colors : 0;
      for (let i = 0; i < values.length; i += 1) {
        const value = values[i] as number;
        if (Number.isFinite(value)) visit(value, (base[i] as number) + shift);
      }
    });
  }
}

/** Counts in equal bins of the scaled values, one array for each cell. */
export interface FineHistogram {
  readonly min: number;
  readonly width: number;
  readonly counts: readonly Float64Array[];
  readonly totals: readonly number[];
}

export async function fineHistogram(
  scene: Scene,
  of: Distribution,
  by: Field | undefined,
  kind: ScaleKind,
  bins: number,
): Promise<FineHistogram> {
  const scale = transformOf(kind);
  const low = scale(kind === 'log' ? smallestPositive(scene, of) : of.min);
  const span = scale(of.max) - low || 1;
  const counts = of.cells.map(() => new Float64Array(bins));
  const totals = of.cells.map(() => 0);
  const perUnit = bins / span;
  await eachValue(scene, of, by, kind, (value, cell) => {
    const array = counts[cell] as Float64Array;
    const bin = Math.min(bins - 1, Math.floor((value - low) * perUnit));
    array[bin] = (array[bin] as number) + 1;
    totals[cell] = (totals[cell] as number) + 1;
  });
  return { min: low, width: span / bins, counts, totals };
}

function smallestPositive(scene: Scene, of: Distribution): number {
  const values = of.fields.map(
    (field) => scene.profile.extents.get(field.name)?.minPositive ?? Number.NaN,
  );
  return Math.min(...values.filter((value) => value > 0), of.max);
}

/** The value below which a share `p` of a cell lies, to within one bin. */
export function binnedQuantile(histogram: FineHistogram, cell: number, p: number): number {
  const counts = histogram.counts[cell] as Float64Array;
  const wanted = p * (histogram.totals[cell] ?? 0);
  let seen = 0;
  for (let bin = 0; bin < counts.length; bin += 1) {
    const count = counts[bin] as number;
    if (seen + count >= wanted && count > 0) {
      return histogram.min + (bin + (wanted - seen) / count) * histogram.width;
    }
    seen += count;
  }
  return histogram.min + counts.length * histogram.width;
}
