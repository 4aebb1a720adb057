/** PNG and JPEG of a view, drawn by canvas. */
import { endianness } from 'node:os';
import type { View } from 'vega';
import { canvasModule } from '../canvas.ts';
import { sixelImage } from '../term/graphics.ts';
import { encodeOpaquePng } from './png.ts';

interface CanvasLike {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  toBuffer(type: string, options?: object): Buffer;
}

/** CSS defines 96 pixels to an inch; the file carries that times the scale. */
const CSS_PPI = 96;

export async function pngOf(view: View, scale: number): Promise<Buffer> {
  const canvas = await canvasOf(view, scale);
  const ppi = CSS_PPI * scale;
  if (endianness() === 'LE' && canvas.stride === canvas.width * 4) {
    const png = encodeOpaquePng(canvas.toBuffer('raw'), canvas.width, canvas.height, ppi);
    if (png !== undefined) return png;
  }
  return canvas.toBuffer('image/png', { compressionLevel: 6, resolution: ppi });
}

export async function jpegOf(view: View, scale: number): Promise<Buffer> {
  const canvas = await canvasOf(view, scale);
  return canvas.toBuffer('image/jpeg', { quality: 0.92, chromaSubsampling: false });
}

export async function sixelOf(view: View, scale: number): Promise<Buffer> {
  const canvas = await canvasOf(view, scale);
  return sixelImage(canvas.toBuffer('raw'), canvas.width, canvas.height);
}

async function canvasOf(view: View, scale: number): Promise<CanvasLike> {
  await canvasModule();
  return (await view.toCanvas(scale)) as unknown as CanvasLike;
}
