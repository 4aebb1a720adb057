/**
 * The one door to canvas: loaded for PNG, JPEG and PDF alone, with the bundled font and no other.
 */
import { join } from 'node:path';
import type * as CanvasModule from 'canvas';
import { messageOf, NairobiError } from '../errors.ts';
import { assetsFolder, fontFile } from './assets.ts';
import { FONT_FAMILY } from './spec/theme.ts';

export type Canvas = typeof CanvasModule;

let loading: Promise<Canvas> | undefined;

/** The module; HOST with what to do when it cannot be loaded. */
export function canvasModule(): Promise<Canvas> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Canvas> {
  // Read by fontconfig when canvas first looks for a font: the host's rules would change pixels.
  process.env['FONTCONFIG_FILE'] ??= join(assetsFolder(), 'fonts', 'fonts.conf');
  try {
    const module = await import('canvas');
    const canvas = (module as unknown as { default?: Canvas }).default ?? module;
    const { fonts, FontFace } = canvas;
    blendOnlyWhenChanged(canvas.CanvasRenderingContext2D.prototype);
    fonts.add(new FontFace(FONT_FAMILY, fontFile(false)));
    fonts.add(new FontFace(FONT_FAMILY, fontFile(true), { weight: 'bold' }));
    return canvas;
  } catch (cause) {
    throw new NairobiError(
      'HOST',
      `Cannot load canvas, which draws PNG, JPEG and PDF: ${messageOf(cause)}`,
      {
        cause,
        hint: 'run "npm install canvas@4.0.0-rc3", or write .svg, .html or .vl.json, which need no canvas',
      },
    );
  }
}

/** Vega sets this for every mark; canvas takes 1.6 µs to set it and 0.15 µs to say what it is. */
function blendOnlyWhenChanged(context: object): void {
  const name = 'globalCompositeOperation';
  const blend = Object.getOwnPropertyDescriptor(context, name);
  const { get, set } = blend ?? {};
  if (get === undefined || set === undefined) return;
  Object.defineProperty(context, name, {
    ...blend,
    set(this: object, mode: unknown) {
      if (get.call(this) !== mode) set.call(this, mode);
    },
  });
}
