/** PNG and JPEG of a view, drawn by canvas. */
import type { View } from 'vega';
import { canvasModule } from '../canvas.ts';

interface CanvasLike {
  toBuffer(type: string, options?: object): Buffer;
}

/** CSS defines 96 pixels to an inch; the file carries that times the scale. */
const CSS_PPI = 96;

export async function pngOf(view: View, scale: number): Promise<Buffer> {
  const canvas = await canvasOf(view, scale);
  return canvas.toBuffer('image/png', { compressionLevel: 6, resolution: CSS_PPI * scale });
}

export async function jpegOf(view: View, scale: number): Promise<Buffer> {
  const canvas = await canvasOf(view, scale);
  return canvas.toBuffer('image/jpeg', { quality: 0.92, chromaSubsampling: false });
}

async function canvasOf(view: View, scale: number): Promise<CanvasLike> {
  await canvasModule();
  return (await view.toCanvas(scale)) as unknown as CanvasLike;
}
