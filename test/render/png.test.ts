import { createCanvas, loadImage } from 'canvas';
import { expect, test } from 'vitest';
import { encodeOpaquePng, encodePng } from '../../src/render/output/png.ts';

async function pixelsOf(png: Buffer): Promise<number[]> {
  const image = await loadImage(png);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  return [...context.getImageData(0, 0, image.width, image.height).data];
}

const bgraOf = (rgba: readonly number[]) =>
  Buffer.from(
    Uint8Array.from(rgba, (_, i) => rgba[i - (i % 4) + ([2, 1, 0, 3][i % 4] as number)] as number),
  );

test('few colours take a palette and come back as they were', async () => {
  const rgba = Array.from({ length: 7 * 5 }, (_, i) => [i % 3, 7, (i * 90) % 256, 255]).flat();
  const png = encodeOpaquePng(bgraOf(rgba), 7, 5, 96) as Buffer;
  expect(png[25]).toBe(3);
  expect(await pixelsOf(png)).toEqual(rgba);
});

test('more than 256 colours take three bytes a pixel and come back as they were', async () => {
  const rgba = Array.from({ length: 20 * 20 }, (_, i) => [i & 255, i >> 8, 9, 255]).flat();
  const png = encodeOpaquePng(bgraOf(rgba), 20, 20, 96) as Buffer;
  expect(png[25]).toBe(2);
  expect(await pixelsOf(png)).toEqual(rgba);
});

test('a pixel that is not opaque is left to canvas', () => {
  expect(encodeOpaquePng(Buffer.from([0, 0, 0, 255, 0, 0, 0, 254]), 2, 1, 96)).toBeUndefined();
});

test('transparency survives in images inside SVG', async () => {
  const rgba = [255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 255, 9, 8, 7, 255];
  expect(await pixelsOf(encodePng(Uint8ClampedArray.from(rgba), 2, 2))).toEqual(rgba);
});
