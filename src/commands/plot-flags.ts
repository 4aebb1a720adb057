/** The flags of `nairobi plot`. */
import * as Flags from '@oclif/core/flags';
import { RANGES } from '../ranges.ts';
import { parsePositive, parseRange, parseReference, parseZone } from '../render/parse.ts';
import {
  AGGREGATES,
  BANDS,
  GL_CHOICES,
  MARKS,
  type ReferenceLine,
  SCALES,
  SHADES,
} from '../render/request.ts';

const CHART = 'CHART';
const AXES = 'AXES';
const LOOK = 'LOOK';

const range = Flags.custom<readonly [number, number]>({
  parse: async (text) => parseRange(text),
  helpValue: 'FROM,TO',
  helpGroup: AXES,
});

const reference = Flags.custom<ReferenceLine>({
  parse: async (text) => parseReference(text),
  helpValue: 'VALUE[=LABEL]',
  helpGroup: AXES,
});

const scale = Flags.custom<(typeof SCALES)[number]>({
  options: [...SCALES],
  helpGroup: AXES,
  default: 'linear',
});

const positive = Flags.custom<number>({
  parse: async (text) => parsePositive(text),
  helpGroup: LOOK,
  helpValue: 'N',
});

export const plotFlags = {
  x: Flags.string({
    char: 'x',
    summary: 'The column across',
    helpValue: 'COLUMN',
    helpGroup: CHART,
  }),
  y: Flags.string({
    char: 'y',
    summary: 'The column upwards; several draw several series',
    helpValue: 'COLUMN',
    helpGroup: CHART,
    multiple: true,
    multipleNonGreedy: true,
    default: [],
  }),
  color: Flags.string({
    char: 'c',
    summary: 'The column that colours the marks',
    helpValue: 'COLUMN',
    helpGroup: CHART,
  }),
  facet: Flags.string({
    summary: 'One small chart for each value of this column',
    helpValue: 'COLUMN',
    helpGroup: CHART,
  }),
  by: Flags.string({
    summary: 'One line for each value of this column, all of one colour',
    helpValue: 'COLUMN',
    helpGroup: CHART,
  }),
  mark: Flags.option({ options: MARKS })({
    char: 'm',
    summary: 'What to draw (default: what suits the types of the columns)',
    helpValue: 'MARK',
    helpGroup: CHART,
  }),
  agg: Flags.option({ options: AGGREGATES })({
    summary: 'Reduce the rows of each x, or of each step of --every, to one value',
    helpValue: 'HOW',
    helpGroup: CHART,
  }),
  every: Flags.string({
    summary: 'Steps along x: 30s, 5m, 1h, 1d, 1w, 1mo, 1q, 1y, or a number',
    helpValue: 'STEP',
    helpGroup: CHART,
  }),
  band: Flags.option({ options: BANDS })({
    summary: 'The band around an aggregated line',
    helpValue: 'WHAT',
    helpGroup: CHART,
  }),
  bins: Flags.integer({
    summary: 'About this many bins',
    min: RANGES.bins.min,
    max: RANGES.bins.max,
    helpValue: 'N',
    helpGroup: CHART,
  }),
  panels: Flags.boolean({
    summary: 'Each -y in a panel of its own, over one shared x',
    helpGroup: CHART,
  }),
  marks: Flags.boolean({
    summary: 'Draw every row as a mark, whatever it costs',
    exclusive: ['density'],
    helpGroup: CHART,
  }),
  density: Flags.boolean({
    summary: 'Count the points, or the lines, of each pixel, however few they are',
    helpGroup: CHART,
  }),
  'x-scale': scale({ summary: 'How x grows', helpValue: 'KIND' }),
  'y-scale': scale({ summary: 'How y grows', helpValue: 'KIND' }),
  'x-range': range({ summary: 'The ends of the x axis' }),
  'y-range': range({ summary: 'The ends of the y axis' }),
  'x-line': reference({
    summary: 'A reference line across x',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'y-line': reference({
    summary: 'A reference line across y',
    multiple: true,
    multipleNonGreedy: true,
  }),
  tz: Flags.custom<string>({
    parse: async (text) => parseZone(text),
    summary: 'The time zone of the time axis',
    helpValue: 'ZONE',
    helpGroup: AXES,
    default: 'UTC',
  })(),
  title: Flags.string({ summary: 'The title', helpValue: 'TEXT', helpGroup: LOOK }),
  theme: Flags.string({
    summary: 'light, dark, or one of vega-themes such as ggplot2 or fivethirtyeight',
    helpValue: 'NAME',
    helpGroup: LOOK,
    default: 'light',
  }),
  palette: Flags.string({
    summary: 'okabe-ito (default), tol, or a Vega scheme such as tableau10 or viridis',
    helpValue: 'NAME',
    helpGroup: LOOK,
  }),
  shade: Flags.option({ options: SHADES })({
    summary: 'How counts per pixel become colours',
    helpValue: 'HOW',
    helpGroup: LOOK,
    default: 'log',
  }),
  'point-size': positive({
    summary: 'Diameter of a point in CSS pixels; counted points are single pixels without it',
    helpValue: 'PX',
  }),
  width: positive({ summary: 'Width of the whole picture in CSS pixels', default: 800 }),
  height: positive({ summary: 'Height of the whole picture in CSS pixels', default: 500 }),
  scale: positive({ summary: 'Pixels of the file for each CSS pixel', default: 1 }),
  ppi: positive({ summary: 'Resolution; 72 is one pixel for each CSS pixel' }),
  seed: Flags.integer({ summary: 'Seed of what is random (strips)', default: 1, helpGroup: LOOK }),
  gl: Flags.option({ options: GL_CHOICES })({
    summary: 'What counts points per pixel: a GPU, Mesa in software, or plain code',
    helpValue: 'HOW',
    helpGroup: 'HOST',
    default: 'auto',
  }),
};
