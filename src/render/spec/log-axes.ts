/** What has no place on a logarithmic axis: Vega would put it on the axis' end, or draw nothing. */
import { NairobiError } from '../../errors.ts';
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import type { PlotRequest, ScaleKind } from '../request.ts';

/** Marks whose shapes are figures of all values: without some of them they are others. */
const OF_ALL_VALUES: ReadonlySet<string> = new Set(['box', 'violin']);

/** Their rows are points of curves, not values. */
const CURVES: ReadonlySet<string> = new Set(['density', 'violin', 'ecdf']);

/** USAGE where a logarithmic axis makes no sense, BAD_DATA where values have no place on it. */
export function checkLogAxes(scene: Scene): void {
  const { request, mark, ys, profile } = scene;
  if (mark === 'qq' && (request.xScale === 'log' || request.yScale === 'log')) {
    throw new NairobiError('USAGE', 'A Q-Q plot compares quantiles on linear axes', {
      hint: 'leave out --x-scale and --y-scale',
    });
  }
  checkPlaces(request.xScale, '--x', request.xRange, request.xLines);
  checkPlaces(request.yScale, '--y', request.yRange, request.yLines);
  if (request.yScale !== 'log' || !OF_ALL_VALUES.has(mark)) return;
  const low = ys.find((y) => (profile.extents.get(y.name)?.min ?? 1) <= 0);
  if (low !== undefined) {
    throw new NairobiError(
      'BAD_DATA',
      `Column "${low.name}" has values of zero or less, for which a logarithmic axis has no place`,
      { hint: `use --y-scale symlog, or leave them out: --where '"${low.name}" > 0'` },
    );
  }
}

function checkPlaces(
  kind: ScaleKind,
  flag: '--x' | '--y',
  range: PlotRequest['xRange'],
  lines: PlotRequest['xLines'],
): void {
  const off = [...(range ?? []), ...lines.map(({ value }) => value)].find((at) => at <= 0);
  if (kind !== 'log' || off === undefined) return;
  throw new NairobiError('USAGE', `${off} has no place on a logarithmic axis`, {
    hint: `use ${flag}-scale symlog, or a ${flag}-range and lines above zero`,
  });
}

/** Lengths that add up have no common measure on a logarithmic axis. */
export function refuseStackOnLog({ request }: Scene, what: string): void {
  if (request.yScale !== 'log') return;
  throw new NairobiError('USAGE', `${what} cannot be stacked on a logarithmic axis`, {
    hint: 'use --mark line, --facet instead of --color, or a linear axis',
  });
}

/** For stderr: how many were left out. */
export function noteOffLog(scene: Scene, left: number): void {
  if (left === 0) return;
  scene.note(
    `${formatCountOf(left, 'value')} of zero or less left out: a logarithmic axis has no place for them, "symlog" has one`,
  );
}

/** Gaps in lines, and no other marks, where a value is zero or less on a logarithmic axis. */
export function onLogAxes(scene: Scene, panel: Panel): Panel {
  const fields = new Map<string, boolean>();
  for (const layer of panel.layers)
    for (const [field, gap] of logFields(layer)) {
      fields.set(field, gap || (fields.get(field) ?? false));
    }
  if (fields.size === 0) return panel;
  let left = 0;
  const rows = panel.rows.flatMap((row): Row[] => {
    const off = [...fields.keys()].filter(
      (field) => typeof row[field] === 'number' && row[field] <= 0,
    );
    if (off.length === 0) return [row];
    left += 1;
    if (!off.every((field) => fields.get(field))) return [];
    return [{ ...row, ...Object.fromEntries(off.map((field) => [field, null])) }];
  });
  if (!CURVES.has(scene.mark)) noteOffLog(scene, left);
  return left === 0 ? panel : { ...panel, rows };
}

/** Fields that a layer places on a logarithmic axis; true: a missing one is a gap in a line. */
function logFields(layer: Spec): [string, boolean][] {
  const encoding = layer['encoding'] as Readonly<Record<string, Spec | undefined>> | undefined;
  const type = (layer['mark'] as Spec | undefined)?.['type'];
  const isPath = type === 'line' || type === 'area';
  const isLog = (axis: 'x' | 'y'): boolean =>
    (encoding?.[axis]?.['scale'] as Spec | undefined)?.['type'] === 'log';
  return (['x', 'y'] as const)
    .filter(isLog)
    .flatMap((axis) => [encoding?.[axis]?.['field'], encoding?.[`${axis}2`]?.['field']])
    .filter((field) => typeof field === 'string')
    .map((field) => [field, isPath]);
}
