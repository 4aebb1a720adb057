/** Widths of text in the bundled font, read from its own tables. */
import { readFileSync } from 'node:fs';
import { fontFile } from './assets.ts';
import { glyphLookup, tableAt, tablesOf } from './font-tables.ts';

interface Metrics {
  readonly unitsPerEm: number;
  /** Advance width of a character, in font units. */
  advance(code: number): number;
  has(code: number): boolean;
}

/** The font has every letter up to here. */
const LATIN_MAX = 0x24f;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
const lacking = new Set<string>();

/** The characters measured since the last call for which the font has no glyph. */
export function takeLacking(): string[] {
  const found = [...lacking];
  lacking.clear();
  return found;
}

const loaded = new Map<boolean, Metrics>();

/** Width of `text` in pixels at `sizePx`; the same with and without canvas. */
export function textWidth(text: string, sizePx: number, bold: boolean): number {
  let metrics = loaded.get(bold);
  if (metrics === undefined) {
    metrics = metricsOf(readFileSync(fontFile(bold)));
    loaded.set(bold, metrics);
  }
  let units = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    units += metrics.advance(code);
    if (code > LATIN_MAX && !metrics.has(code) && VISIBLE.test(char)) lacking.add(char);
  }
  return (units * sizePx) / metrics.unitsPerEm;
}

function metricsOf(font: Buffer): Metrics {
  const tables = tablesOf(font);
  const glyphOf = glyphLookup(font, tables);
  const unitsPerEm = font.readUInt16BE(tableAt(tables, 'head') + 18);
  const longMetrics = font.readUInt16BE(tableAt(tables, 'hhea') + 34);
  const hmtx = tableAt(tables, 'hmtx');
  const known = new Map<number, number>();
  return {
    unitsPerEm,
    has: (code) => glyphOf(code) !== 0,
    advance: (code) => {
      let width = known.get(code);
      if (width === undefined) {
        width = font.readUInt16BE(hmtx + 4 * Math.min(glyphOf(code), longMetrics - 1));
        known.set(code, width);
      }
      return width;
    },
  };
}
