/** The series of a chart: one per y column, or one per value of --color. */
import { polars } from '../../compute/polars.ts';
import type { Row, Scene } from '../chart.ts';
import { type Groups, groupsOf, OTHER, oneGroup } from '../data/groups.ts';
import type { Field } from '../fields.ts';

/** As many as a palette keeps apart. */
export const MAX_SERIES = 10;
/** Small multiples stay legible in a picture of the default size. */
export const MAX_FACETS = 12;

export interface Series {
  readonly color: Groups;
  readonly facet: Groups;
  /** Title of the colour legend; null when there is none to show. */
  readonly title: string | null;
}

/** Codes for colour and facet; what does not fit the palette is folded into "other" and told. */
export async function seriesOf(scene: Scene): Promise<Series> {
  const color = await limited(scene, scene.color, MAX_SERIES);
  const facet = await limited(scene, scene.facet, MAX_FACETS);
  return { color, facet, title: scene.color?.name ?? null };
}

async function limited(scene: Scene, field: Field | undefined, limit: number): Promise<Groups> {
  if (field === undefined) return oneGroup('');
  const groups = await groupsOf(scene.relation, field, limit);
  if (groups.folded > 0) {
    scene.note(
      `"${field.name}" has ${groups.folded + groups.labels.length - 1} values: the rarest ${groups.folded} are drawn as "${OTHER}"`,
    );
  }
  return groups;
}

/** The labels that end up in the colour scale: categories, or the y columns' names. */
export function seriesLabels(scene: Scene, series: Series): readonly string[] {
  if (scene.color !== undefined) return series.color.labels;
  return scene.ys.length > 1 ? scene.ys.map((field) => field.name) : [];
}

/** What is folded into "other" first, so that it lies beneath the rest. */
export function otherFirst(rows: readonly Row[]): readonly Row[] {
  const isOther = (row: Row): boolean => row['color'] === OTHER;
  return [...rows.filter(isOther), ...rows.filter((row) => !isOther(row))];
}

/** The columns to read for these fields. */
export function columnNames(...fields: readonly (Field | undefined)[]): string[] {
  return fields.filter((field) => field !== undefined).map((field) => field.name);
}

/** The expression as Float64 without nulls: NaN marks what is missing. */
export function dense(expr: ReturnType<ReturnType<typeof polars>['col']>, name: string) {
  return expr.fillNull(polars().lit(Number.NaN)).alias(name);
}
