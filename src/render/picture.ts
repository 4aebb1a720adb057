/** From a scene to a Vega view of exactly the size asked for. */
import type { Spec as VegaSpec, View } from 'vega';
import type { Panel, Scene, Spec } from './chart.ts';
import { describeCounts } from './density.ts';
import { fillLines, type LongLines, longLines } from './long-lines.ts';
import { type Assembled, assemble } from './spec/assemble.ts';
import { densityFrame, densityLayers } from './spec/density.ts';
import { noData } from './spec/empty.ts';
import { isTerminal } from './spec/encode.ts';
import { onLogAxes } from './spec/log-axes.ts';
import { configOf } from './spec/theme.ts';
import { compileSpec, runView, type ViewOptions } from './view.ts';

/** A laid-out chart: the view to draw, and the Vega-Lite that says the same. */
export interface Picture {
  readonly view: View;
  readonly vega: VegaSpec;
  readonly assembled: Assembled;
  readonly config: Spec;
}

/** How an image of counts is carried: a drawable object for a view, a data URI for a file. */
export type ImageMaker = (rgba: Uint8ClampedArray, width: number, height: number) => unknown;

/** What the picture becomes. */
export interface Medium {
  readonly image: ImageMaker;
  /** True where a screen reader finds the description Vega writes of every mark. */
  readonly isDescribed: boolean;
}

export async function drawScene(
  scene: Scene,
  given: readonly Panel[],
  medium: Medium,
): Promise<Picture> {
  const panels = given.map((panel) => onLogAxes(scene, panel));
  const config = await mediumConfig(scene, medium);
  const options: ViewOptions = {
    config,
    seed: scene.request.seed,
    warn: (text) => noteWarning(scene, text),
  };
  const empty = panels.every((panel) => isEmpty(scene, panel));
  if (empty) return exact(scene, assemble(scene, [noData(scene)]), options);
  if (panels.some((panel) => panel.density !== undefined))
    return drawDensity(scene, panels, options, medium);
  // Who describes every point, or writes the rows down, needs them all.
  const lines = medium.isDescribed ? undefined : longLines(panels);
  const shown = lines === undefined ? panels : [lines.panel];
  const drawing = lines === undefined ? options : { ...options, lines };
  const first = assemble(scene, shown);
  return first.single ? exact(scene, first, drawing) : fitted(scene, shown, first, drawing);
}

interface Drawing extends ViewOptions {
  readonly lines?: LongLines;
}

async function drawnView(vega: VegaSpec, options: Drawing): Promise<View> {
  const view = await runView(vega, options);
  if (options.lines !== undefined) fillLines(view, options.lines);
  return view;
}

/** Here a legend at the side would leave the chart no room. */
const NARROW_PX = 200;

/** A description of 20,000 points is 50 ms of formatting numbers, for nothing in a PNG. */
async function mediumConfig(scene: Scene, { isDescribed }: Medium): Promise<Spec> {
  const { request } = scene;
  const config = await configOf(request.theme, request.palette);
  const narrow = request.width < NARROW_PX && !isTerminal(scene);
  const legend = {
    ...(config['legend'] as Spec | undefined),
    orient: 'bottom',
    direction: 'vertical',
    columns: 1,
  };
  const fitting = narrow ? { ...config, legend } : config;
  return isDescribed ? fitting : { ...fitting, aria: false };
}

/** Vega warns of layers without rows, such as the outliers of a box that has none. */
function noteWarning(scene: Scene, text: string): void {
  if (!text.startsWith('Infinite extent')) scene.note(text);
}

/** Nothing to draw: no row with a value, or no point with two coordinates. */
function isEmpty(scene: Scene, panel: Panel): boolean {
  if (panel.density === undefined) return panel.rows.every((row) => row['y'] === null);
  const counts = (name: string): number => scene.profile.extents.get(name)?.count ?? 0;
  return counts(panel.density.x.name) === 0 || scene.ys.every((y) => counts(y.name) === 0);
}

/** One pair of axes: Vega's own fit gives the exact size. */
async function exact(scene: Scene, assembled: Assembled, options: Drawing): Promise<Picture> {
  const vega = await compileSpec(assembled.spec, assembled.datasets, options);
  const view = await drawnView(vega, options);
  return settle(scene, { view, vega, assembled, config: options.config }, options);
}

/** Several cells: what axes and titles take is measured, then given back to the cells. */
async function fitted(
  scene: Scene,
  panels: readonly Panel[],
  first: Assembled,
  options: Drawing,
): Promise<Picture> {
  const { width, height } = scene.request;
  let assembled = first;
  let cell = {
    width: Math.max(20, width / first.columns - 60),
    height: Math.max(20, height / first.rows - 60),
  };
  for (let pass = 0; ; pass += 1) {
    assembled = assemble(scene, panels, cell);
    const vega = await compileSpec(assembled.spec, assembled.datasets, options);
    const view = await drawnView(vega, options);
    const total = totalSize(view);
    const spare = { width: width - total.width, height: height - total.height };
    const close =
      spare.width >= 0 &&
      spare.height >= 0 &&
      spare.width < 4 + first.columns &&
      spare.height < 4 + first.rows;
    if (close || pass === 4)
      return settle(scene, { view, vega, assembled, config: options.config }, options);
    cell = {
      width: Math.max(20, Math.floor(cell.width + spare.width / first.columns)),
      height: Math.max(20, Math.floor(cell.height + spare.height / first.rows)),
    };
  }
}

/** Whole size of the picture a view would draw, in CSS pixels. */
export function totalSize(view: View): { width: number; height: number } {
  const inner = view as unknown as { _viewWidth: number; _viewHeight: number };
  const padding = paddingOf(view);
  return {
    width: inner._viewWidth + padding.left + padding.right,
    height: inner._viewHeight + padding.top + padding.bottom,
  };
}

interface Padding {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function paddingOf(view: View): Padding {
  const padding = view.padding() as unknown as Padding | number;
  return typeof padding === 'number'
    ? { left: padding, right: padding, top: padding, bottom: padding }
    : padding;
}

/** Spreads what is left over the padding, so that the file has the pixels asked for. */
async function settle(scene: Scene, picture: Picture, options: Drawing): Promise<Picture> {
  const { width, height } = scene.request;
  const total = totalSize(picture.view);
  const [dx, dy] = [width - total.width, height - total.height];
  if (dx === 0 && dy === 0) return picture;
  const old = paddingOf(picture.view);
  const padding = {
    left: old.left + Math.floor(dx / 2),
    right: old.right + Math.ceil(dx / 2),
    top: old.top + Math.floor(dy / 2),
    bottom: old.bottom + Math.ceil(dy / 2),
  };
  const autosize = picture.assembled.single ? picture.vega.autosize : { type: 'pad' };
  const vega = { ...picture.vega, padding, autosize } as VegaSpec;
  const view = await drawnView(vega, options);
  return { ...picture, vega, view };
}

/**
 * Counts per pixel under real axes: lay out with a stand-in legend, count into exactly the pixels
 * the layout left for the plot, then draw again with sizes and domains frozen.
 */
async function drawDensity(
  scene: Scene,
  panels: readonly Panel[],
  options: ViewOptions,
  medium: Medium,
): Promise<Picture> {
  const [panel] = panels;
  const source = panel?.density;
  if (source === undefined) throw new Error('a density picture has one panel of counts');
  const draft = { ...panel, ...densityFrame(scene, source, options.config) } as Panel;
  const laid = await drawScene(scene, [{ ...withoutDensity(draft) }], medium);
  const grid = gridOf(scene, laid);
  const counts = await source.count(grid);
  scene.note(describeCounts(counts));
  const frozen = await densityLayers(scene, source, counts, options.config, medium.image);
  const assembled = assemble(scene, [frozen], cellOf(laid));
  const spec: Spec = assembled.single
    ? {
        ...assembled.spec,
        ...cellOf(laid),
        autosize: { type: 'none' },
        padding: frozenPadding(laid.view, scene),
      }
    : assembled.spec;
  const final = { ...assembled, spec };
  const vega = await compileSpec(spec, final.datasets, options);
  const swapped = typeof frozen.rows[0]?.['image'] === 'string' ? vega : imagesByObject(vega);
  const view = await runView(swapped, options);
  const picture = { view, vega: swapped, assembled: final, config: options.config };
  return final.single ? picture : settle(scene, picture, options);
}

function withoutDensity(panel: Panel): Panel {
  const { density: _, ...rest } = panel;
  return rest;
}

function cellOf(laid: Picture): { width: number; height: number } {
  const signal = (name: string): number => Math.round(Number(laid.view.signal(name)));
  return laid.assembled.single
    ? { width: signal('width'), height: signal('height') }
    : { width: signal('child_width'), height: signal('child_height') };
}

/** Pixels of the file, and the data domains the drafted scales settled on. */
function gridOf(scene: Scene, laid: Picture) {
  const cell = cellOf(laid);
  const { request } = scene;
  const axis = (name: 'x' | 'y', kind: typeof request.xScale) => {
    const scale = laid.view.scale(name) as { domain(): readonly (number | Date)[] };
    const domain = scale.domain();
    return { kind, min: Number(domain[0]), max: Number(domain[domain.length - 1]) };
  };
  return {
    width: Math.round(cell.width * request.scale),
    height: Math.round(cell.height * request.scale),
    x: axis('x', scene.x?.measure === 'temporal' ? 'linear' : request.xScale),
    y: axis('y', scene.ys[0]?.measure === 'temporal' ? 'linear' : request.yScale),
  };
}

/** Keeps the plot where the draft put it, on whole pixels. */
function frozenPadding(view: View, scene: Scene): Padding {
  const origin = (view as unknown as { _origin: readonly [number, number] })._origin;
  const padding = paddingOf(view);
  const left = Math.round(origin[0] + padding.left);
  const top = Math.round(origin[1] + padding.top);
  return {
    left,
    top,
    right: scene.request.width - left - Math.round(Number(view.signal('width'))),
    bottom: scene.request.height - top - Math.round(Number(view.signal('height'))),
  };
}

/** Vega-Lite knows images by address alone; Vega's item takes the drawable itself. */
function imagesByObject(vega: VegaSpec): VegaSpec {
  const swap = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(swap);
    if (node === null || typeof node !== 'object') return node;
    const mark = node as Record<string, unknown>;
    if (mark['type'] !== 'image') {
      const marks = mark['marks'];
      return marks === undefined ? node : { ...mark, marks: swap(marks) };
    }
    const encode = mark['encode'] as { update: Record<string, unknown> };
    const { url, ...update } = encode.update;
    return { ...mark, encode: { update: { ...update, image: url, smooth: { value: false } } } };
  };
  return { ...vega, marks: swap(vega.marks) } as VegaSpec;
}
