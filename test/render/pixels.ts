/** Compares pictures by their pixels. */
import { createCanvas, loadImage } from 'canvas';

async function pixelsOf(png: Buffer): Promise<Uint8ClampedArray> {
  const image = await loadImage(png);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height).data;
}

/** Share of pixels in which a channel differs by more than `by`; 1 when the sizes differ. */
export async function differingShare(a: Buffer, b: Buffer, by = 32): Promise<number> {
  const [first, second] = await Promise.all([pixelsOf(a), pixelsOf(b)]);
  if (first.length !== second.length) return 1;
  let different = 0;
  for (let i = 0; i < first.length; i += 4) {
    const far = [0, 1, 2].some((k) => Math.abs((first[i + k] ?? 0) - (second[i + k] ?? 0)) > by);
    if (far) different += 1;
  }
  return different / (first.length / 4);
}
