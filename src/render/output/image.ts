/** Pixels of counts in the form each output carries them. */
import { canvasModule } from '../canvas.ts';
import type { ImageMaker } from '../picture.ts';
import type { ChartFormat } from './encode.ts';
import { encodePng } from './png.ts';

/** What Vega's renderers ask of an image, without canvas: its size and where its bytes are. */
export interface EmbeddedImage {
  readonly complete: true;
  readonly width: number;
  readonly height: number;
  readonly src: string;
  readonly rgba: Uint8ClampedArray;
}

/** A canvas where canvas draws, an address for a specification, else a PNG of our own. */
export async function canvasImage(format: ChartFormat): Promise<ImageMaker> {
  if (format === 'html' || format === 'vl.json') return (...pixels) => embeddedImage(...pixels).src;
  if (format === 'svg') return embeddedImage;
  if (format === 'text') return (rgba, width, height) => ({ complete: true, rgba, width, height });
  const canvas = await canvasModule();
  return (rgba, width, height) => {
    const surface = canvas.createCanvas(width, height);
    surface.getContext('2d').putImageData(canvas.createImageData(rgba, width, height), 0, 0);
    return Object.assign(surface, { complete: true });
  };
}

function embeddedImage(rgba: Uint8ClampedArray, width: number, height: number): EmbeddedImage {
  const src = `data:image/png;base64,${encodePng(rgba, width, height).toString('base64')}`;
  return { complete: true, width, height, src, rgba };
}
