/** Names and categories that mean something to Vega, or to who reads an expression. */
import { expect, test } from 'vitest';
import { plotRelation } from '../../src/engine/plot/plot.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { safeText } from '../../src/render/spec/texts.ts';
import { relation } from './relations.ts';

const ODD = [
  'constructor',
  '__proto__',
  'toString',
  'valueOf',
  'line\u2028apart',
  'paragraph\u2029apart',
  'two\nlines',
  'C:\\new',
  'the end\\',
  'q\\" + alert(1) + "',
  'nul\u0000',
  'other nul\u0001',
  '</text>&<script>',
];

async function svg(columns: Record<string, unknown>, request: Partial<PlotRequest>) {
  const whole = { ...DEFAULT_REQUEST, width: 400, height: 300, ...request };
  const drawn = await plotRelation(relation(columns), whole, 'svg', new Reporter());
  return { text: drawn.bytes.toString(), notes: drawn.notes };
}

const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

test.each(ODD)('a column, a title and a line called %j', async (name) => {
  const columns = { [`${name}`]: [1, 2, 3], y: [1, 3, 2] };
  // An object literal would take __proto__ for its prototype.
  Object.defineProperty(columns, name, { value: [1, 2, 3], enumerable: true });
  const { text } = await svg(columns, {
    x: name,
    y: ['y'],
    mark: 'line',
    title: name.replaceAll('\n', ' '),
    yLines: [{ value: 2, label: name }],
  });
  expect(text).toContain(`>${escaped(safeText(name))}</text>`);
});

test('categories stay apart', async () => {
  const columns = { k: ODD, v: ODD.map((_, i) => i + 1) };
  for (const request of [
    { x: 'k', y: ['v'], mark: 'bar' },
    { x: 'v', y: ['v'], color: 'k', mark: 'point' },
    { x: 'k', y: ['v'], mark: 'box' },
  ] as const) {
    const { text, notes } = await svg(columns, { ...request, y: [...request.y] });
    expect(notes.filter((note) => /undefined|Unexpected/.test(note))).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML allows none of them.
    expect(text).not.toMatch(/[\u0000-\u0008\u2028\u2029]/);
  }
  expect(new Set(ODD.map(safeText)).size).toBe(ODD.length);
});
