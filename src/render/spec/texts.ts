/**
 * Names and categories as Vega and Vega-Lite can take them. Both write texts into expressions:
 * Vega-Lite the titles of axes without escaping what ends a string or a line, Vega any text that it
 * then looks up in plain objects, where it finds "constructor".
 */
import type { Panel, Row, Spec } from '../chart.ts';

/** Looks like one, and escapes nothing. */
const BACKSLASH = '\u2216';
/** Has no width, and tells the name from that of a member of every object. */
const INVISIBLE = '\u200b';

const MEMBERS: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

const SHOWN: Readonly<Record<string, string>> = {
  '\\': BACKSLASH,
  '\t': '\u21e5',
  '\n': '\u21b5',
  '\r': '\u21b5',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNSAFE = /[\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]/g;

/** The text as it is drawn: control characters are shown, different texts stay different. */
export function safeText(text: string): string {
  const shown = text.replace(UNSAFE, (char) => SHOWN[char] ?? `<${hex(char)}>`).toWellFormed();
  return MEMBERS.has(shown) ? `${shown}${INVISIBLE}` : shown;
}

const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(2, '0');

/** Texts in layers and rows made safe; expressions, which we wrote, stay as they are. */
export function safePanel(panel: Panel): Panel {
  const layers = panel.layers.map((layer) => safeSpec(layer) as Spec);
  return { ...panel, layers, rows: safeRows(panel.rows) };
}

const EXPRESSIONS: ReadonlySet<string> = new Set(['labelExpr', 'filter', 'test', 'expr']);

function safeSpec(node: unknown): unknown {
  if (typeof node === 'string') return safeText(node);
  if (Array.isArray(node)) return node.map(safeSpec);
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      EXPRESSIONS.has(key) && typeof value === 'string' ? value : safeSpec(value),
    ]),
  );
}

function safeRows(rows: readonly Row[]): readonly Row[] {
  const known = new Map<string, string>();
  const safe = (text: string): string => {
    let shown = known.get(text);
    if (shown === undefined) {
      shown = safeText(text);
      known.set(text, shown);
    }
    return shown;
  };
  return rows.map((row) => {
    let shown: Record<string, Row[string]> | undefined;
    for (const key in row) {
      const text = row[key];
      if (typeof text !== 'string' || text === '' || safe(text) === text) continue;
      shown ??= { ...row };
      shown[key] = safe(text);
    }
    return shown ?? row;
  });
}
