import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../../src/formats/cut.ts';
import { decode } from '../../src/formats/decode.ts';
import { elementsAsLines } from '../../src/formats/json/elements.ts';
import { checkElements, elements } from './elements-model.ts';

const RULES = { kind: 'elements' } as const;
const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = process.env['NAIROBI_TEST_FULL'] === '1' ? 400_000 : 1500;

describe('a JSON array', () => {
  it('is cut before the comma behind its last whole element', () => {
    const at = (text: string): number => cut(Buffer.from(text), RULES, false).byteLength;
    expect(at('{"a":1},\n{"a":[2,{}]},{"a":')).toBe(21);
    expect(at('{"a":",}]\\"},"},{')).toBe(15);
    expect(at('{"a":1}]\n')).toBe(0);
  });

  it('is the same as lines, at the same offsets', () => {
    const text = '\n {"a":\n1},{"b":[{}\r\n]}\n]\n';
    expect(elementsAsLines(Buffer.from(text), true).toString()).toBe('  {"a": 1}\n{"b":[{}  ]}   ');
  });

  it('has the elements that JSON.parse finds, wherever it is cut (seeded)', () => {
    console.log(`elements: NAIROBI_SEED=${seed}`);
    fc.assert(fc.property(elements, checkElements), { seed, numRuns });
  }, 900_000);

  it('names the place of what is wrong with it', () => {
    const told = (text: string): string => {
      try {
        decode({ path: 'a.json', bytes: Buffer.from(text) }).read();
        return 'nothing';
      } catch (error) {
        const { message, where } = error as { message: string; where?: { line?: number } };
        return `${where?.line}: ${message}`;
      }
    };
    expect(told('[{"a":1},\n{"a":2}')).toMatch(/^2: .*it ends before the array does/);
    expect(told('[{"a":1},\n5]')).toMatch(/^2: .*no array of objects/);
    expect(told('[{"a":1},\n\n{"a":1 "b":2}]')).toMatch(/^3: Cannot take this element: it is not/);
    expect(told('[{"a":1}\n{"a":2}]')).toMatch(/^2: .*a comma is missing/);
    expect(told('[{"a":1}]\n\nx')).toMatch(/^3: .*something follows the array/);
    expect(told('[[1]]')).toMatch(/^1: .*no array of objects/);
  });
});
