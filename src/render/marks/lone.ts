/** Points of a line that have no neighbour: a stroke would not show them. */
import type { Row, Spec } from '../chart.ts';

/** The line, and over it the dots of its lone points, which are marked in `rows`. */
export function withDots(line: Spec, rows: Row[], idOf: (row: Row) => string): Spec[] {
  return markLone(rows, idOf) ? [line, dotLayer(line)] : [line];
}

/** Marks the points without a neighbour on their line, which no stroke shows; false: none. */
function markLone(rows: Row[], idOf: (row: Row) => string): boolean {
  const lines = new Map<string, { at: number; length: number }>();
  const lone: number[] = [];
  const close = (run: { at: number; length: number } | undefined): void => {
    if (run?.length === 1) lone.push(run.at);
  };
  for (const [at, row] of rows.entries()) {
    const id = idOf(row);
    const run = lines.get(id);
    if (row['y'] === null) {
      close(run);
      lines.delete(id);
    } else if (run === undefined) lines.set(id, { at, length: 1 });
    else run.length += 1;
  }
  for (const run of lines.values()) close(run);
  for (const at of lone) rows[at] = { ...(rows[at] as Row), dot: rows[at]?.['y'] ?? null };
  return lone.length > 0;
}

/** The dots of lone points, in the colour and on the axes of their line. */
function dotLayer(line: Spec): Spec {
  const encoding = line['encoding'] as Record<string, Spec>;
  const mark = line['mark'] as Spec;
  return {
    mark: { type: 'point', filled: true, size: 20, opacity: 1, clip: mark['clip'] },
    encoding: { ...encoding, y: { ...encoding['y'], field: 'dot' } },
  };
}
