/** One entry for every file format. */
import { NairobiError } from '../../errors.ts';
import type { Picture } from '../picture.ts';
import type { PlotRequest } from '../request.ts';

export const CHART_FORMATS = [
  'png',
  'svg',
  'pdf',
  'jpeg',
  'html',
  'vl.json',
  'text',
  'kitty',
  'iterm',
  'sixel',
] as const;
export type ChartFormat = (typeof CHART_FORMATS)[number];

const BY_ENDING: readonly (readonly [RegExp, ChartFormat])[] = [
  [/\.png$/i, 'png'],
  [/\.svg$/i, 'svg'],
  [/\.pdf$/i, 'pdf'],
  [/\.jpe?g$/i, 'jpeg'],
  [/\.html?$/i, 'html'],
  [/\.json$/i, 'vl.json'],
  [/\.txt$/i, 'text'],
];

/** The format a file's name asks for; USAGE when it names none. */
export function formatOfName(name: string): ChartFormat {
  const found = BY_ENDING.find(([pattern]) => pattern.test(name));
  if (found !== undefined) return found[1];
  throw new NairobiError('USAGE', `Cannot tell the format of "${name}" from its ending`, {
    hint: 'end it in .png, .svg, .pdf, .jpg, .html or .vl.json',
  });
}

export async function encodePicture(
  picture: Picture,
  format: ChartFormat,
  request: PlotRequest,
): Promise<Buffer> {
  switch (format) {
    case 'png':
      return pngOf(picture, request);
    case 'jpeg':
      return (await import('./raster.ts')).jpegOf(picture.view, request.scale);
    case 'svg':
      return (await import('./svg.ts')).svgOf(picture.view);
    case 'pdf':
      return (await import('./pdf.ts')).pdfOf(picture.view, request.title);
    case 'html':
      return (await import('./spec.ts')).htmlOf(picture, request.title);
    case 'text':
      return (await import('../term/text.ts')).textOf(picture.view, request);
    case 'kitty':
      return (await import('../term/graphics.ts')).kittyImage(await pngOf(picture, request));
    case 'iterm':
      return (await import('../term/graphics.ts')).itermImage(await pngOf(picture, request));
    case 'sixel':
      return (await import('./raster.ts')).sixelOf(picture.view, request.scale);
    case 'vl.json':
      return (await import('./spec.ts')).specJson(picture);
  }
}

async function pngOf(picture: Picture, request: PlotRequest): Promise<Buffer> {
  return (await import('./raster.ts')).pngOf(picture.view, request.scale);
}
