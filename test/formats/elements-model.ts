/** Random JSON arrays, whole and broken, laid out over lines in any way. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { elementsAsLines, elementsStart } from '../../src/formats/json/elements.ts';
import { cutAll } from './cut-model.ts';

const text = fc
  .array(fc.constantFrom('a', 'é', '"', '\\', '{', '}', '[', ']', ',', '\n', ' ', '\u2028'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

const value = fc.letrec<{ any: unknown; object: Record<string, unknown> }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(0, -1.5, 1e300, true, false, null),
    text,
    fc.array(tie('any'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(text, tie('any'), { maxKeys: 3 }),
}));

/** What may stand between two tokens. */
const blank = fc.constantFrom('', '', '', ' ', '\n', '\r\n', '\t', '\n    ');

/** Blanks put behind what no string contains. */
function spread(json: string, blanks: readonly string[]): string {
  let turn = 0;
  let isText = false;
  let out = '';
  for (let at = 0; at < json.length; at += 1) {
    const one = json[at] ?? '';
    out += one;
    if (isText && one === '\\') {
      at += 1;
      out += json[at] ?? '';
    } else if (one === '"') isText = !isText;
    else if (!isText && ',:[]{}'.includes(one)) {
      out += blanks[turn % blanks.length] ?? '';
      turn += 1;
    }
  }
  return out;
}

export interface Elements {
  readonly json: string;
  readonly blocks: readonly number[];
}

/** Mostly sound; else something was put in, taken away, or is no object. */
export const elements: fc.Arbitrary<Elements> = fc
  .record({
    rows: fc.array(
      fc.oneof({ weight: 30, arbitrary: value.object }, { weight: 1, arbitrary: value.any }),
      { maxLength: 8 },
    ),
    blanks: fc.array(blank, { minLength: 1, maxLength: 7 }),
    front: fc.constantFrom('', '', '\ufeff', ' \n'),
    blocks: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
    harm: fc.option(
      fc.tuple(
        fc.nat(),
        fc.nat(2),
        fc.constantFrom('', '"', '\\', ',', '{', '}', '[', ']', '\n', '7'),
      ),
    ),
  })
  .map(({ rows, blanks, front, blocks, harm }) => {
    const sound = front + spread(JSON.stringify(rows), blanks);
    if (harm === null) return { json: sound, blocks };
    const [place, count, more] = harm;
    const at = place % (sound.length + 1);
    return { json: sound.slice(0, at) + more + sound.slice(at + count), blocks };
  });

const isObject = (one: unknown): boolean =>
  typeof one === 'object' && one !== null && !Array.isArray(one);

/** The objects of an array, or undefined when it is not that. */
function attempt(work: () => unknown): unknown[] | undefined {
  try {
    const found = work();
    return Array.isArray(found) && found.every(isObject) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Cut anywhere, the elements are those that JSON.parse finds in the whole text, or none are. */
export function checkElements({ json, blocks }: Elements): void {
  const bytes = Buffer.from(json);
  const start = elementsStart(bytes);
  const wanted = attempt(() => JSON.parse(bytes.toString().replace(/^\ufeff/, '')));
  if (start === undefined) {
    expect(wanted).toBeUndefined();
    return;
  }
  const rest = bytes.subarray(start.byte);
  const found = attempt(() => {
    if (rest.length === 0) throw new RangeError('the thread gives no segment of nothing');
    const { ends } = cutAll(rest, { kind: 'elements' }, blocks);
    return ends.flatMap((end, index) => {
      const from = ends[index - 1] ?? 0;
      const segment = rest.subarray(from, end);
      const lines = elementsAsLines(segment, from === 0);
      expect(lines.length).toBe(segment.length);
      const texts = lines
        .toString()
        .split('\n')
        .map((line) => line.trim());
      return texts.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
    });
  });
  expect(found).toEqual(wanted);
}
