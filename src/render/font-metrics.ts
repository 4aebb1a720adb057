/** Widths of text in the bundled font, read from its own tables (OpenType: head, cmap, hmtx). */
import { readFileSync } from 'node:fs';
import { fontFile } from './assets.ts';

interface Metrics {
  readonly unitsPerEm: number;
  /** Advance width per character code, font units. */
  advance(code: number): number;
}

const loaded = new Map<boolean, Metrics>();

/** Width of `text` in pixels at `sizePx`; the same with and without canvas. */
export function textWidth(text: string, sizePx: number, bold: boolean): number {
  let metrics = loaded.get(bold);
  if (metrics === undefined) {
    metrics = parse(readFileSync(fontFile(bold)));
    loaded.set(bold, metrics);
  }
  let units = 0;
  for (const char of text) units += metrics.advance(char.codePointAt(0) ?? 0);
  return (units * sizePx) / metrics.unitsPerEm;
}

function parse(font: Buffer): Metrics {
  const tables = tableOffsets(font);
  const table = (tag: string): number => tables.get(tag) ?? 0;
  const unitsPerEm = font.readUInt16BE(table('head') + 18);
  const longMetrics = font.readUInt16BE(table('hhea') + 34);
  const hmtx = table('hmtx');
  const glyphOf = cmapFormat4(font, table('cmap'));
  return {
    unitsPerEm,
    advance: (code) => font.readUInt16BE(hmtx + 4 * Math.min(glyphOf(code), longMetrics - 1)),
  };
}

function tableOffsets(font: Buffer): Map<string, number> {
  const tables = new Map<string, number>();
  const count = font.readUInt16BE(4);
  for (let i = 0; i < count; i += 1) {
    const at = 12 + 16 * i;
    tables.set(font.toString('latin1', at, at + 4), font.readUInt32BE(at + 8));
  }
  return tables;
}

/** Glyph index of a character of the basic plane, by the Unicode subtable of format 4. */
function cmapFormat4(font: Buffer, cmap: number): (code: number) => number {
  const at = subtable(font, cmap);
  const segments = font.readUInt16BE(at + 6) / 2;
  const ends = at + 14;
  const starts = ends + 2 * segments + 2;
  const deltas = starts + 2 * segments;
  const ranges = deltas + 2 * segments;
  return (code) => {
    for (let i = 0; i < segments; i += 1) {
      if (font.readUInt16BE(ends + 2 * i) < code) continue;
      const start = font.readUInt16BE(starts + 2 * i);
      if (start > code) return 0;
      const range = font.readUInt16BE(ranges + 2 * i);
      const delta = font.readInt16BE(deltas + 2 * i);
      if (range === 0) return (code + delta) & 0xffff;
      const glyph = font.readUInt16BE(ranges + 2 * i + range + 2 * (code - start));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}

function subtable(font: Buffer, cmap: number): number {
  const count = font.readUInt16BE(cmap + 2);
  for (let i = 0; i < count; i += 1) {
    const record = cmap + 4 + 8 * i;
    const offset = cmap + font.readUInt32BE(record + 4);
    if (font.readUInt16BE(record) === 3 && font.readUInt16BE(offset) === 4) return offset;
  }
  throw new Error('the bundled font has no Unicode character map of format 4');
}
