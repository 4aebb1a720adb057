/** Random delimited text and lines, and a plain reading of where their records end. */

import fc from 'fast-check';
import { expect } from 'vitest';
import { type Census, census } from '../../src/formats/csv/census.ts';
import { type CutRules, cut } from '../../src/formats/cut.ts';
import type { Dialect } from '../../src/formats/options.ts';

const dialect: fc.Arbitrary<Dialect> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|', "'"),
  quote: fc.constantFrom('"', '', '`', '#'),
  header: fc.boolean(),
  comment: fc.constantFrom(undefined, undefined, '#', '//'),
  decimalComma: fc.constant(false),
  lineEnd: fc.constantFrom('\n' as const, '\n' as const, '\r' as const),
});

/** Made of what matters to the grammar, so that every mistake in quoting comes up. */
function textIn({ delimiter, quote, lineEnd }: Dialect): fc.Arbitrary<string> {
  const usual = ['a', 'é', ' ', delimiter, lineEnd, '\r\n', '\r', '\n', '/', '#', ''];
  const quoted = [quote, quote, quote + quote, `${quote}x${delimiter}y${lineEnd}z${quote}`];
  const plain = `1${delimiter}2${lineEnd}`;
  const pieces = [...usual, ...quoted, plain, plain.repeat(70)];
  return fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join(''));
}

/** Offsets behind each record that ends within the text, by the rules in docs/formats.md. */
export function endsOf(text: string, { delimiter, quote, lineEnd, comment }: Dialect): number[] {
  const ends: number[] = [];
  let at = 0;
  const end = (): void => {
    at += 1;
    ends.push(at);
  };
  while (at < text.length) {
    if (comment !== undefined && text.startsWith(comment, at)) {
      while (at < text.length && text[at] !== lineEnd) at += 1;
      if (at < text.length) end();
      continue;
    }
    for (let isFieldStart = true; at < text.length && text[at] !== lineEnd; ) {
      if (isFieldStart && quote !== '' && text[at] === quote) {
        at += 1;
        while (at < text.length && (text[at] !== quote || text[at + 1] === quote)) {
          at += text[at] === quote ? 2 : 1;
        }
      }
      isFieldStart = text[at] === delimiter;
      if (at < text.length && text[at] !== lineEnd) at += 1;
      else if (at < text.length && isFieldStart) at += 1;
    }
    if (at < text.length) end();
  }
  return ends;
}

export interface Cutting {
  readonly dialect: Dialect;
  readonly text: string;
  readonly fields: number;
  /** How much more of the text is there at each attempt; the list is gone through in a circle. */
  readonly blocks: readonly number[];
}

export const cutting: fc.Arbitrary<Cutting> = dialect.chain((one) =>
  fc.record({
    dialect: fc.constant(one),
    text: textIn(one),
    fields: fc.integer({ min: 1, max: 3 }),
    blocks: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
  }),
);

/** Cuts as the thread does: what is not whole waits for more. */
export function cutAll(
  bytes: Buffer,
  rules: CutRules,
  blocks: readonly number[],
): { readonly ends: readonly number[]; readonly census: Census; readonly lines: number } {
  const ends: number[] = [];
  const faulty: Census['faulty'][number][] = [];
  let rows = 0;
  let from = 0;
  let lines = 0;
  for (let turn = 0, to = 0; from < bytes.length; turn += 1) {
    to = Math.min(bytes.length, to + (blocks[turn % blocks.length] ?? 1));
    const found = cut(bytes.subarray(from, to), rules, to === bytes.length);
    const start = { from, lines };
    rows += found.census?.rows ?? 0;
    faulty.push(
      ...(found.census?.faulty ?? []).map((row) => ({
        ...row,
        byte: row.byte + start.from,
        end: row.end + start.from,
        line: row.line + start.lines,
      })),
    );
    from += found.byteLength;
    lines += found.lines;
    if (found.byteLength > 0) ends.push(from);
  }
  return { ends, census: { rows, faulty }, lines };
}

/** A quote within a field is one where no field of what is counted together begins with one. */
function settled({ rows = 0, faulty }: Census): Census {
  const others = faulty.filter(({ fault }) => fault !== 'stray-quote');
  const bare = others.map(({ hasStray, ...row }) => row);
  return { rows: rows + faulty.length - others.length, faulty: bare };
}

/** Segments end where records end, and hold together what the whole text holds. */
export function checkCutting({ dialect: one, text, fields, blocks }: Cutting): void {
  const bytes = Buffer.from(text, 'latin1');
  const rules = { kind: 'delimited', dialect: one, fields } as const;
  const { ends, census: counted } = cutAll(bytes, rules, blocks);
  const allowed = new Set([...endsOf(bytes.toString('latin1'), one), bytes.length]);
  expect(ends.filter((end) => !allowed.has(end))).toEqual([]);
  expect(settled(counted)).toEqual(settled(census(bytes, one, fields)));
}
