/** Layers of a density picture: the image of counts, and invisible marks that carry the legend. */
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import type { DensityCounts, DensitySource } from '../density.ts';
import type { ImageMaker } from '../picture.ts';
import { categoryColors, countColors } from '../shade/colors.ts';
import { type Legend, legendOf, shadeCategories, shadeCounts } from '../shade/shade.ts';
import { position, timeTitle } from './encode.ts';
import { isDark } from './theme.ts';

/** Widest label a count legend gets ("100k"), so that the draft leaves enough room. */
const DRAFT_MAX = 200_000;

/**
 * What the first layout needs: corners of the data for the axes, and a legend of about its size.
 */
export function densityFrame(scene: Scene, source: DensitySource, config: Spec): Panel {
  const colors = countColors(config, isDark(config));
  const legend: Legend = { kind: 'log', max: DRAFT_MAX, thresholds: [1, 10, 100, 1000, 10_000] };
  const corners = cornerRows(scene, source);
  const facets = source.series.facet.labels;
  const rows = facets.flatMap((facet) => corners.map((row): Row => ({ ...row, facet })));
  return {
    rows,
    layers: [legendLayer(scene, source, { ...legend, kind: scene.request.shade }, colors)],
  };
}

function cornerRows(scene: Scene, source: DensitySource): Row[] {
  const xs = edges(scene, source.x.name, scene.request.xScale === 'log');
  const ys = scene.ys.map((y) => edges(scene, y.name, scene.request.yScale === 'log'));
  const yMin = Math.min(...ys.map(([min]) => min));
  const yMax = Math.max(...ys.map(([, max]) => max));
  const label = source.colors[0] ?? null;
  return [
    { x: xs[0], y: yMin, count: 1, color: label },
    { x: xs[1], y: yMax, count: DRAFT_MAX, color: label },
  ];
}

function edges(scene: Scene, name: string, log: boolean): readonly [number, number] {
  const extent = scene.profile.extents.get(name);
  return [(log ? extent?.minPositive : extent?.min) ?? 0, extent?.max ?? 1];
}

/** The final layers: sizes and domains are given, nothing is left to Vega to choose. */
export async function densityLayers(
  scene: Scene,
  source: DensitySource,
  counts: DensityCounts,
  config: Spec,
  image: ImageMaker,
): Promise<Panel> {
  const { grid } = counts;
  const dark = isDark(config);
  const colors = countColors(config, dark);
  const categories = categoryColors(config, source.colors.length);
  const legend = legendOf(counts, scene.request.shade);
  const rows: Row[] = [];
  counts.facets.forEach((planes, index) => {
    const rgba =
      source.colors.length > 0
        ? shadeCategories(planes, categories, legend, counts.unit)
        : shadeCounts(planes[0] ?? new Uint32Array(0), colors, legend, counts.unit);
    const facet = source.series.facet.labels[index] ?? '';
    rows.push({ facet, image: image(rgba, grid.width, grid.height) } as unknown as Row);
    rows.push(...legendRows(source, counts, facet, legend));
  });
  const size = {
    width: Math.round(grid.width / scene.request.scale),
    height: Math.round(grid.height / scene.request.scale),
  };
  const layer = legendLayer(scene, source, legend, colors, [grid.x, grid.y]);
  return { rows, layers: [imageLayer(size), layer] };
}

function imageLayer(size: { width: number; height: number }): Spec {
  return {
    transform: [{ filter: 'isValid(datum.image)' }],
    mark: { type: 'image', ...size, aspect: false, align: 'left', baseline: 'top', aria: false },
    encoding: { x: { value: 0 }, y: { value: 0 }, url: { field: 'image', type: 'nominal' } },
  };
}

function legendRows(
  source: DensitySource,
  counts: DensityCounts,
  facet: string,
  legend: Legend,
): Row[] {
  const at = { x: counts.grid.x.min, y: counts.grid.y.min, facet };
  const labels = source.colors.length > 0 ? source.colors : [null];
  return labels.map((color) => ({ ...at, color, count: legend.max }));
}

type Domain = { readonly min: number; readonly max: number };

function legendLayer(
  scene: Scene,
  source: DensitySource,
  legend: Legend,
  colors: readonly string[],
  domains?: readonly [Domain, Domain],
): Spec {
  const domain = (index: 0 | 1): readonly [number, number] | undefined =>
    domains === undefined ? undefined : [domains[index].min, domains[index].max];
  const color =
    source.colors.length > 0
      ? {
          field: 'color',
          type: 'nominal',
          title: scene.color?.name ?? null,
          scale: { domain: source.colors },
          legend: { symbolOpacity: 1 },
        }
      : {
          field: 'count',
          type: 'quantitative',
          title: source.noun,
          scale: countScale(legend, colors),
          legend: { gradientOpacity: 1, symbolOpacity: 1, format: '~s' },
        };
  return {
    mark: { type: 'point', filled: true, opacity: 0, clip: true, aria: false },
    encoding: {
      x: position(scene, 'x', 'x', {
        title: timeTitle(source.x.name, source.x.measure, scene.request.zone),
        measure: source.x.measure,
        domain: domain(0),
      }),
      y: position(scene, 'y', 'y', {
        title: scene.ys.map((field) => field.name).join(', '),
        measure: source.y.measure,
        domain: domain(1),
      }),
      color,
    },
  };
}

/** The Vega scale under which the legend's colours are the picture's. */
function countScale(legend: Legend, colors: readonly string[]): Spec {
  if (legend.kind === 'eq') {
    const steps = legend.thresholds.length + 1;
    const range = Array.from({ length: steps }, (_, i) =>
      pickColor(colors, steps === 1 ? 1 : i / (steps - 1)),
    );
    return { type: 'threshold', domain: legend.thresholds, range };
  }
  const range = Array.from({ length: 12 }, (_, i) => pickColor(colors, i / 11));
  const max = Math.max(legend.max, 2);
  if (legend.kind === 'log') return { type: 'log', domain: [1, max], range, nice: false };
  if (legend.kind === 'cbrt')
    return { type: 'pow', exponent: 1 / 3, domain: [0, max], range, nice: false };
  return { type: 'linear', domain: [0, max], range, nice: false, zero: true };
}

function pickColor(colors: readonly string[], at: number): string {
  return colors[Math.round(at * (colors.length - 1))] ?? '#000000';
}
