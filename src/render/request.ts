/** What the user asked of a chart, after the flags were read and before any data was looked at. */
import { NairobiError } from '../errors.ts';
import { requireRange } from '../ranges.ts';

export const MARKS = [
  'line',
  'area',
  'point',
  'bar',
  'histogram',
  'heatmap',
  'density',
  'box',
  'violin',
  'strip',
  'ecdf',
  'qq',
  'candlestick',
  'calendar',
] as const;
export type Mark = (typeof MARKS)[number];

export const AGGREGATES = [
  'mean',
  'sum',
  'min',
  'max',
  'median',
  'count',
  'first',
  'last',
] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** What the band around an aggregated line spans. */
export const BANDS = ['stdev', 'stderr', 'ci95', 'minmax', 'iqr'] as const;
export type Band = (typeof BANDS)[number];

export const SCALES = ['linear', 'log', 'sqrt', 'symlog'] as const;
export type ScaleKind = (typeof SCALES)[number];

/** How counts become colours: "eq" gives each of nine colours the same number of pixels. */
export const SHADES = ['log', 'linear', 'cbrt', 'eq'] as const;
export type Shade = (typeof SHADES)[number];

export const GL_CHOICES = ['auto', 'gpu', 'egl', 'osmesa', 'cpu'] as const;
export type GlChoice = (typeof GL_CHOICES)[number];

export interface ReferenceLine {
  readonly value: number;
  readonly label: string | undefined;
}

export interface PlotRequest {
  readonly mark?: Mark | undefined;
  readonly x?: string | undefined;
  readonly y: readonly string[];
  readonly color?: string | undefined;
  readonly facet?: string | undefined;
  /** One line for each value of this column, without a colour of its own. */
  readonly by?: string | undefined;
  /** Diameter of a point in CSS pixels. */
  readonly pointSize?: number | undefined;
  readonly agg?: Aggregate | undefined;
  readonly every?: string | undefined;
  readonly band?: Band | undefined;
  readonly bins?: number | undefined;
  readonly panels: boolean;
  readonly xScale: ScaleKind;
  readonly yScale: ScaleKind;
  readonly xRange?: readonly [number, number] | undefined;
  readonly yRange?: readonly [number, number] | undefined;
  readonly xLines: readonly ReferenceLine[];
  readonly yLines: readonly ReferenceLine[];
  /** IANA zone whose wall clock the time axis shows; timestamps without a zone count as UTC. */
  readonly zone: string;
  readonly title?: string | undefined;
  readonly theme: string;
  readonly palette?: string | undefined;
  readonly shade: Shade;
  /** "marks" draws every row whatever it costs, "density" always counts per pixel. */
  readonly reduce: 'auto' | 'marks' | 'density';
  readonly gl: GlChoice;
  /** Of the whole picture, in CSS pixels; the file has width x scale by height x scale pixels. */
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly seed: number;
  /** How a chart made of characters looks; plain without. */
  readonly text?: TextLook | undefined;
}

export interface TextLook {
  /** Braille and block characters; else ASCII. */
  readonly unicode: boolean;
  /** 24-bit colours, 256 colours, or none. */
  readonly colors: 'true' | '256' | 'none';
}

export const DEFAULT_REQUEST: PlotRequest = {
  y: [],
  panels: false,
  xScale: 'linear',
  yScale: 'linear',
  xLines: [],
  yLines: [],
  zone: 'UTC',
  theme: 'light',
  shade: 'log',
  reduce: 'auto',
  gl: 'auto',
  width: 800,
  height: 500,
  scale: 1,
  seed: 1,
};

/** Refuses what is beyond all measure before anything is read or drawn; NairobiError USAGE. */
export function checkRequest(request: PlotRequest): void {
  checkSize(request.width, request.height, request.scale);
  requireRange('bins', request.bins);
  requireRange('y', request.y.length);
  requireRange('lines', request.xLines.length + request.yLines.length);
  requireRange('title', request.title?.length);
  requireRange('pointSize', request.pointSize);
  requireRange('seed', request.seed);
}

/** Cairo's own limit on either side ("Canvas width cannot exceed 32767"). */
const MAX_SIDE_PX = 32_767;
/** 100 megapixels are 400 MB of RGBA: beyond what an edge host should be asked for. */
const MAX_PIXELS = 100_000_000;

/** Refuses a size before anything is allocated for it; NairobiError USAGE. */
export function checkSize(width: number, height: number, scale: number): void {
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (!(width >= 32 && height >= 32 && scale > 0 && Number.isFinite(w + h))) {
    throw new NairobiError(
      'USAGE',
      `A picture of ${width} x ${height} at scale ${scale} is too small`,
      {
        hint: 'both sides need at least 32 pixels',
      },
    );
  }
  if (w > MAX_SIDE_PX || h > MAX_SIDE_PX || w * h > MAX_PIXELS) {
    throw new NairobiError('USAGE', `A picture of ${w} x ${h} pixels is too large`, {
      hint: `neither side may pass ${MAX_SIDE_PX} pixels, nor the whole 100 megapixels; lower --width, --height or --scale`,
    });
  }
}
