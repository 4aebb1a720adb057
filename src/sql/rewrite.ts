/** Edits of the typed text that keep track of where every byte came from. */
import type { Segment } from './source.ts';

export interface Edit {
  /** Typed byte offsets; equal for an insertion. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with the edits applied, and the map from its bytes back to the typed ones. */
export function applyEdits(
  typed: string,
  edits: readonly Edit[],
): { readonly text: string; readonly segments: readonly Segment[] } {
  const bytes = Buffer.from(typed);
  const parts: Buffer[] = [];
  const segments: Segment[] = [];
  let from = 0;
  let parsed = 0;
  const keep = (end: number): void => {
    segments.push({ parsed, typed: from, length: end - from });
    parts.push(bytes.subarray(from, end));
    parsed += end - from;
  };
  const ordered = edits
    .map((edit, index) => ({ edit, index }))
    // What is put in before a token comes before what the token becomes.
    .sort(
      (a, b) =>
        a.edit.start - b.edit.start ||
        Number(a.edit.end > a.edit.start) - Number(b.edit.end > b.edit.start) ||
        a.index - b.index,
    );
  for (const { edit } of ordered) {
    keep(edit.start);
    const inserted = Buffer.from(edit.text);
    segments.push({ parsed, typed: edit.start, length: 0 });
    parts.push(inserted);
    parsed += inserted.length;
    from = edit.end;
  }
  keep(bytes.length);
  return { text: Buffer.concat(parts).toString(), segments };
}
