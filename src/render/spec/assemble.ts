/** Panels into one Vega-Lite specification: size, facets, shared axes, reference lines. */
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { widthOf } from '../vega.ts';
import { safePanel, safeText } from './texts.ts';

/** A specification whose data is named, and the rows under those names. */
export interface Assembled {
  readonly spec: Spec;
  readonly datasets: Readonly<Record<string, readonly Row[]>>;
  /** True when Vega itself can fit the whole picture into width x height. */
  readonly single: boolean;
  /** Cells beside and above each other, for the sizes of small multiples. */
  readonly columns: number;
  readonly rows: number;
}

export interface CellSize {
  readonly width: number;
  readonly height: number;
}

/** Room that axes, titles and gaps of one cell of small multiples take, to start fitting from. */
const CELL_MARGIN_PX = 60;

export function assemble(scene: Scene, given: readonly Panel[], cell?: CellSize): Assembled {
  const { request } = scene;
  const panels = given.map(safePanel);
  const title = request.title === undefined ? {} : { title: titleOf(request.title, scene) };
  const [first] = panels;
  if (
    first !== undefined &&
    panels.length === 1 &&
    scene.facet === undefined &&
    first.columns === undefined
  ) {
    return {
      spec: {
        ...title,
        ...outerSize(scene),
        data: { name: 'data' },
        ...content(scene, first, true),
      },
      datasets: { data: first.rows },
      single: true,
      columns: 1,
      rows: 1,
    };
  }
  if (panels.length > 1) return stacked(scene, panels, title, cell);
  return multiples(scene, first ?? { layers: [], rows: [] }, title, cell);
}

function outerSize({ request }: Scene): Spec {
  return {
    width: request.width,
    height: request.height,
    autosize: { type: 'fit', contains: 'padding' },
  };
}

const TITLE_PX = 15;
const TITLE_LINES_MAX = 3;

/** A title in lines that the picture has room for; of a longer one the last line is cut. */
function titleOf(text: string, { request }: Scene): Spec {
  const room = request.width - 2 * TITLE_MARGIN_PX;
  const lines: string[] = [];
  const words = text
    .split('\n')
    .flatMap((line, index) =>
      line.split(' ').map((word, at) => ({ word: safeText(word), breaks: index > 0 && at === 0 })),
    );
  for (const { word, breaks } of words) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    const fits = lines.length > 0 && !breaks && widthOf(longer, TITLE_PX, true) <= room;
    if (fits || lines.length === TITLE_LINES_MAX) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return { text: lines.length === 1 ? lines[0] : lines, limit: room };
}

const TITLE_MARGIN_PX = 10;

function content(scene: Scene, panel: Panel, references: boolean): Spec {
  const layer = [...panel.layers, ...(references ? referenceLines(scene) : [])];
  return layer.length === 1 ? (layer[0] as Spec) : { layer };
}

/** Several y columns above each other over one shared x. */
function stacked(scene: Scene, panels: readonly Panel[], title: Spec, cell?: CellSize): Assembled {
  const { width, height } = cell ?? {
    width: scene.request.width - 2 * CELL_MARGIN_PX,
    height: scene.request.height / panels.length - CELL_MARGIN_PX,
  };
  const cells = panels.map((panel, index) => ({
    data: { name: `data${index}` },
    width,
    height,
    ...content(scene, index < panels.length - 1 ? withoutLabels(panel) : panel, true),
  }));
  return {
    spec: { ...title, vconcat: cells, resolve: { scale: { x: 'shared' } } },
    datasets: Object.fromEntries(panels.map((panel, index) => [`data${index}`, panel.rows])),
    single: false,
    columns: 1,
    rows: panels.length,
  };
}

/** Only the lowest panel writes the x axis they share. */
function withoutLabels(panel: Panel): Panel {
  const layers = panel.layers.map((layer) => {
    const encoding = layer['encoding'] as Record<string, Spec>;
    const x = encoding['x'];
    if (x === undefined) return layer;
    const axis = { ...(x['axis'] as Spec | undefined), labels: false, ticks: false, title: null };
    return { ...layer, encoding: { ...encoding, x: { ...x, axis } } };
  });
  return { ...panel, layers };
}

function multiples(scene: Scene, panel: Panel, title: Spec, cell?: CellSize): Assembled {
  const facets = [...new Set(panel.rows.map((row) => String(row['facet'] ?? '')))];
  const count = Math.max(1, facets.length);
  const columns = panel.columns ?? Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const size = cell ?? {
    width: scene.request.width / columns - CELL_MARGIN_PX,
    height: scene.request.height / rows - CELL_MARGIN_PX,
  };
  const inner = { width: size.width, height: size.height, ...content(scene, panel, true) };
  const faceted: Spec = {
    facet: {
      field: 'facet',
      type: 'nominal',
      title: null,
      sort: null,
      header: { labelFontSize: 12, title: null },
    },
    columns,
    spacing: 16,
    spec: inner,
  };
  return {
    spec: { ...title, data: { name: 'data' }, ...faceted },
    datasets: { data: panel.rows },
    single: false,
    columns,
    rows,
  };
}

/** Rules across the whole chart with their labels at the near end. */
export function referenceLines({ request, x }: Scene): Spec[] {
  const rule = { type: 'rule', strokeDash: [5, 4], strokeWidth: 1.2, aria: false };
  const type = x?.measure === 'temporal' ? 'temporal' : 'quantitative';
  const one = { data: { values: [{}] } };
  return [
    ...request.yLines.flatMap(({ value, label }) => [
      { ...one, mark: rule, encoding: { y: { datum: value, type: 'quantitative' } } },
      ...(label === undefined
        ? []
        : [
            {
              ...one,
              mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 4, dy: -2, aria: false },
              encoding: {
                x: { value: 0 },
                y: { datum: value, type: 'quantitative' },
                text: { value: safeText(label) },
              },
            },
          ]),
    ]),
    ...request.xLines.flatMap(({ value, label }) => [
      { ...one, mark: rule, encoding: { x: { datum: value, type } } },
      ...(label === undefined
        ? []
        : [
            {
              ...one,
              mark: { type: 'text', align: 'left', baseline: 'top', dx: 4, dy: 2, aria: false },
              encoding: {
                x: { datum: value, type },
                y: { value: 0 },
                text: { value: safeText(label) },
              },
            },
          ]),
    ]),
  ];
}
