/**
 * The part of the bundled font that a picture uses, as a TrueType file of some kilobytes: glyphs
 * renumbered, hinting and layout tables left out (OpenType 1.9: glyf, loca, cmap 4, hmtx, post 3).
 */
import { readFileSync } from 'node:fs';
import { fontFile } from './assets.ts';
import { glyphLookup, type TableOffsets, tableAt, tablesOf } from './font-tables.ts';

interface Source {
  readonly font: Buffer;
  readonly tables: TableOffsets;
}

/** Flags of a composite glyph's components. */
const ARGS_ARE_WORDS = 0x0001;
const HAS_SCALE = 0x0008;
const MORE_COMPONENTS = 0x0020;
const HAS_XY_SCALE = 0x0040;
const HAS_TWO_BY_TWO = 0x0080;

/** The regular or bold face with exactly the characters of `text`. */
export function subsetFont(text: string, bold: boolean): Buffer {
  const font = readFileSync(fontFile(bold));
  const source = { font, tables: tablesOf(font) };
  const glyphOf = glyphLookup(font, source.tables);
  const codes = [...new Set(text)]
    .map((char) => char.codePointAt(0) ?? 0)
    .filter((code) => code <= 0xffff && glyphOf(code) !== 0)
    .sort((a, b) => a - b);
  const kept = closure(source, [0, ...codes.map(glyphOf)]);
  const renumbered = new Map(kept.map((glyph, index) => [glyph, index]));
  const { glyf, loca } = outlines(source, kept, renumbered);
  return assembleFont(
    new Map<string, Buffer>([
      ['OS/2', copyOf(source, 'OS/2')],
      ['cmap', characterMap(codes, (code) => renumbered.get(glyphOf(code)) ?? 0)],
      ['glyf', glyf],
      ['head', headTable(source)],
      ['hhea', withCount(copyOf(source, 'hhea'), 34, kept.length)],
      ['hmtx', advances(source, kept)],
      ['loca', loca],
      ['maxp', withCount(copyOf(source, 'maxp'), 4, kept.length)],
      ['name', emptyNames()],
      ['post', withoutNames(copyOf(source, 'post'))],
    ]),
  );
}

function copyOf({ font, tables }: Source, tag: string): Buffer {
  const at = tableAt(tables, tag);
  return Buffer.from(font.subarray(at, at + (tables.get(tag)?.length ?? 0)));
}

function glyphBytes({ font, tables }: Source, glyph: number): Buffer {
  const long = font.readInt16BE(tableAt(tables, 'head') + 50) === 1;
  const loca = tableAt(tables, 'loca');
  const at = (index: number): number =>
    long ? font.readUInt32BE(loca + 4 * index) : 2 * font.readUInt16BE(loca + 2 * index);
  const glyf = tableAt(tables, 'glyf');
  return font.subarray(glyf + at(glyph), glyf + at(glyph + 1));
}

/** Byte offsets of the glyph indices inside a composite glyph; none in a simple one. */
function componentOffsets(bytes: Buffer): number[] {
  if (bytes.length === 0 || bytes.readInt16BE(0) >= 0) return [];
  const offsets: number[] = [];
  let at = 10;
  for (;;) {
    const flags = bytes.readUInt16BE(at);
    offsets.push(at + 2);
    at += 4 + (flags & ARGS_ARE_WORDS ? 4 : 2);
    if (flags & HAS_SCALE) at += 2;
    else if (flags & HAS_XY_SCALE) at += 4;
    else if (flags & HAS_TWO_BY_TWO) at += 8;
    if (!(flags & MORE_COMPONENTS)) return offsets;
  }
}

/** The glyphs and those they are composed of, .notdef first. */
function closure(source: Source, glyphs: readonly number[]): number[] {
  const kept = new Set<number>();
  const visit = (glyph: number): void => {
    if (kept.has(glyph)) return;
    kept.add(glyph);
    const bytes = glyphBytes(source, glyph);
    for (const offset of componentOffsets(bytes)) visit(bytes.readUInt16BE(offset));
  };
  for (const glyph of glyphs) visit(glyph);
  return [...kept].sort((a, b) => a - b);
}

function outlines(
  source: Source,
  kept: readonly number[],
  renumbered: ReadonlyMap<number, number>,
) {
  const pieces: Buffer[] = [];
  const loca = Buffer.alloc(4 * (kept.length + 1));
  let at = 0;
  kept.forEach((glyph, index) => {
    const bytes = Buffer.from(glyphBytes(source, glyph));
    for (const offset of componentOffsets(bytes)) {
      bytes.writeUInt16BE(renumbered.get(bytes.readUInt16BE(offset)) ?? 0, offset);
    }
    const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    loca.writeUInt32BE(at, 4 * index);
    pieces.push(padded);
    at += padded.length;
  });
  loca.writeUInt32BE(at, 4 * kept.length);
  return { glyf: Buffer.concat(pieces), loca };
}

function advances({ font, tables }: Source, kept: readonly number[]): Buffer {
  const long = font.readUInt16BE(tableAt(tables, 'hhea') + 34);
  const hmtx = tableAt(tables, 'hmtx');
  const out = Buffer.alloc(4 * kept.length);
  kept.forEach((glyph, index) => {
    out.writeUInt16BE(font.readUInt16BE(hmtx + 4 * Math.min(glyph, long - 1)), 4 * index);
    const bearing = glyph < long ? hmtx + 4 * glyph + 2 : hmtx + 4 * long + 2 * (glyph - long);
    out.writeInt16BE(font.readInt16BE(bearing), 4 * index + 2);
  });
  return out;
}

/** A cmap of format 4 with one segment for each character and the closing one. */
function characterMap(codes: readonly number[], glyphOf: (code: number) => number): Buffer {
  const segments = codes.length + 1;
  const length = 16 + 8 * segments;
  const table = Buffer.alloc(12 + length);
  table.writeUInt16BE(1, 2);
  table.writeUInt16BE(3, 4);
  table.writeUInt16BE(1, 6);
  table.writeUInt32BE(12, 8);
  const at = 12;
  const power = 2 ** Math.floor(Math.log2(segments));
  const words = [4, length, 0, 2 * segments, 2 * power, Math.log2(power), 2 * (segments - power)];
  words.forEach((word, index) => {
    table.writeUInt16BE(word, at + 2 * index);
  });
  [...codes, 0xffff].forEach((code, index) => {
    const glyph = index < codes.length ? glyphOf(code) : 0;
    table.writeUInt16BE(code, at + 14 + 2 * index);
    table.writeUInt16BE(code, at + 16 + 2 * segments + 2 * index);
    const delta = index < codes.length ? (glyph - code) & 0xffff : 1;
    table.writeUInt16BE(delta, at + 16 + 4 * segments + 2 * index);
  });
  return table;
}

/** Long loca offsets, and the checksum left for later. */
function headTable(source: Source): Buffer {
  const head = copyOf(source, 'head');
  head.writeUInt32BE(0, 8);
  head.writeInt16BE(1, 50);
  return head;
}

function withCount(table: Buffer, offset: number, count: number): Buffer {
  table.writeUInt16BE(count, offset);
  return table;
}

/** post format 3: no glyph names. */
function withoutNames(post: Buffer): Buffer {
  const head = Buffer.from(post.subarray(0, 32));
  head.writeUInt32BE(0x0003_0000, 0);
  return head;
}

function emptyNames(): Buffer {
  const table = Buffer.alloc(6);
  table.writeUInt16BE(6, 4);
  return table;
}

/** The file: directory, tables on four-byte edges, and the checksum that covers all of it. */
function assembleFont(tables: ReadonlyMap<string, Buffer>): Buffer {
  const count = tables.size;
  const power = 2 ** Math.floor(Math.log2(count));
  const directory = Buffer.alloc(12 + 16 * count);
  directory.writeUInt32BE(0x0001_0000, 0);
  [count, 16 * power, Math.log2(power), 16 * (count - power)].forEach((word, index) => {
    directory.writeUInt16BE(word, 4 + 2 * index);
  });
  const bodies: Buffer[] = [];
  let at = directory.length;
  let headAt = 0;
  [...tables].forEach(([tag, body], index) => {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    const record = 12 + 16 * index;
    directory.write(tag, record, 'latin1');
    directory.writeUInt32BE(checksum(padded), record + 4);
    directory.writeUInt32BE(at, record + 8);
    directory.writeUInt32BE(body.length, record + 12);
    if (tag === 'head') headAt = at;
    bodies.push(padded);
    at += padded.length;
  });
  const font = Buffer.concat([directory, ...bodies]);
  font.writeUInt32BE((0xb1b0_afba - checksum(font)) >>> 0, headAt + 8);
  return font;
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0;
  return sum;
}
