/** PNG by zlib alone (W3C PNG, third edition, sections 5 and 10 to 12): no filter, no interlace. */
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOR_RGB = 2;
const COLOR_INDEXED = 3;
const COLOR_RGBA = 6;
/** Level 6 is half again as slow for 4 % of size on counts of points (1600 x 900). */
const DEFLATE_LEVEL = 4;
const INCHES_PER_METRE = 39.3701;

/** Pixels with transparency, as images inside SVG and HTML need them. */
export function encodePng(rgba: Uint8ClampedArray, width: number, height: number): Buffer {
  const pixels = Buffer.from(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  const lines = linesOf(width * 4, height, (row, out, at) => {
    pixels.copy(out, at, row * width * 4, (row + 1) * width * 4);
  });
  return file(width, height, COLOR_RGBA, [], lines);
}

/**
 * Opaque pixels as cairo keeps them (BGRA in memory on little-endian hosts): with a palette where
 * 256 colours suffice, which is a third of the work and of the size, else as RGB. Undefined when a
 * pixel is not opaque.
 */
export function encodeOpaquePng(
  bgra: Buffer,
  width: number,
  height: number,
  ppi: number,
): Buffer | undefined {
  const pixels = new Uint32Array(bgra.buffer, bgra.byteOffset, width * height);
  const physical = resolution(ppi);
  const indexed = indexColors(pixels);
  if (indexed === 'transparent') return undefined;
  if (indexed !== undefined) {
    const { indices, palette } = indexed;
    const lines = linesOf(width, height, (row, out, at) => {
      out.set(indices.subarray(row * width, (row + 1) * width), at);
    });
    return file(width, height, COLOR_INDEXED, [physical, chunk('PLTE', palette)], lines);
  }
  const lines = linesOf(width * 3, height, (row, out, at) => {
    for (let x = 0, to = at, from = row * width * 4; x < width; x += 1, to += 3, from += 4) {
      out[to] = bgra[from + 2] as number;
      out[to + 1] = bgra[from + 1] as number;
      out[to + 2] = bgra[from] as number;
    }
  });
  return file(width, height, COLOR_RGB, [physical], lines);
}

const OPAQUE = 0xff00_0000;
/** Slots of the table of colours seen: four times what a palette holds, so chains stay short. */
const SLOTS = 1024;

/** One byte for each pixel and its palette; undefined beyond 256 colours. */
function indexColors(
  pixels: Uint32Array,
): { indices: Uint8Array; palette: Buffer } | 'transparent' | undefined {
  const indices = new Uint8Array(pixels.length);
  const keys = new Uint32Array(SLOTS);
  const values = new Int16Array(SLOTS).fill(-1);
  const colors: number[] = [];
  let last = 0;
  let lastIndex = -1;
  for (let i = 0; i < pixels.length; i += 1) {
    const pixel = pixels[i] as number;
    if (pixel !== last || lastIndex === -1) {
      if ((pixel & OPAQUE) >>> 0 !== OPAQUE) return 'transparent';
      let slot = (Math.imul(pixel, 0x9e37_79b1) >>> 22) & (SLOTS - 1);
      while (values[slot] !== -1 && keys[slot] !== pixel) slot = (slot + 1) & (SLOTS - 1);
      if (values[slot] === -1) {
        if (colors.length === 256) return undefined;
        keys[slot] = pixel;
        values[slot] = colors.length;
        colors.push(pixel);
      }
      last = pixel;
      lastIndex = values[slot] as number;
    }
    indices[i] = lastIndex;
  }
  return {
    indices,
    palette: Buffer.from(colors.flatMap((c) => [(c >> 16) & 255, (c >> 8) & 255, c & 255])),
  };
}

/** Lines with the filter byte 0 before each: to a predictor counts are noise. */
function linesOf(
  stride: number,
  height: number,
  fill: (row: number, out: Buffer, at: number) => void,
): Buffer {
  const lines = Buffer.alloc((stride + 1) * height);
  for (let row = 0; row < height; row += 1) fill(row, lines, row * (stride + 1) + 1);
  return lines;
}

function file(
  width: number,
  height: number,
  color: number,
  extra: readonly Buffer[],
  lines: Buffer,
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, color, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...extra,
    chunk('IDAT', deflateSync(lines, { level: DEFLATE_LEVEL })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** pHYs: pixels for each metre. */
function resolution(ppi: number): Buffer {
  const data = Buffer.alloc(9);
  data.writeUInt32BE(Math.round(ppi * INCHES_PER_METRE), 0);
  data.writeUInt32BE(Math.round(ppi * INCHES_PER_METRE), 4);
  data[8] = 1;
  return chunk('pHYs', data);
}

function chunk(type: string, data: Buffer): Buffer {
  const framed = Buffer.alloc(data.length + 12);
  framed.writeUInt32BE(data.length, 0);
  framed.write(type, 4, 'latin1');
  data.copy(framed, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, data.length + 8)), data.length + 8);
  return framed;
}
