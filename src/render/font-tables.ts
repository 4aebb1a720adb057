/** Tables of a TrueType file (OpenType 1.9): where they are, and which glyph a character has. */

export type TableOffsets = ReadonlyMap<
  string,
  { readonly offset: number; readonly length: number }
>;

export function tablesOf(font: Buffer): TableOffsets {
  const tables = new Map<string, { offset: number; length: number }>();
  const count = font.readUInt16BE(4);
  for (let i = 0; i < count; i += 1) {
    const at = 12 + 16 * i;
    const tag = font.toString('latin1', at, at + 4);
    tables.set(tag, { offset: font.readUInt32BE(at + 8), length: font.readUInt32BE(at + 12) });
  }
  return tables;
}

/** Offset of a table that every TrueType file has. */
export function tableAt(tables: TableOffsets, tag: string): number {
  const found = tables.get(tag);
  if (found === undefined) throw new Error(`the bundled font lacks its ${tag} table`);
  return found.offset;
}

/**
 * Glyph index of a character of the basic plane, by the Unicode subtable of format 4; 0 if none.
 */
export function glyphLookup(font: Buffer, tables: TableOffsets): (code: number) => number {
  const at = unicodeSubtable(font, tableAt(tables, 'cmap'));
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

function unicodeSubtable(font: Buffer, cmap: number): number {
  const count = font.readUInt16BE(cmap + 2);
  for (let i = 0; i < count; i += 1) {
    const record = cmap + 4 + 8 * i;
    const offset = cmap + font.readUInt32BE(record + 4);
    if (font.readUInt16BE(record) === 3 && font.readUInt16BE(offset) === 4) return offset;
  }
  throw new Error('the bundled font has no Unicode character map of format 4');
}
