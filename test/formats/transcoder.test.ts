import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type OtherEncoding, Transcoder } from '../../src/formats/transcoder.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);
const ENCODINGS: readonly OtherEncoding[] = ['latin1', 'utf16le', 'utf16be'];

/** All of it at once, by Node alone. */
function whole(bytes: Buffer, encoding: OtherEncoding): string {
  if (encoding === 'latin1') return bytes.toString('latin1');
  const even = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  const text = (encoding === 'utf16be' ? even.swap16() : even).toString('utf16le');
  return text.replace(/^\ufeff/, '');
}

function inBlocks(bytes: Buffer, encoding: OtherEncoding, cuts: readonly number[]): Buffer {
  const transcoder = new Transcoder(encoding);
  const parts: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.min(cut, bytes.length);
    parts.push(Buffer.from(transcoder.push(bytes.subarray(from, to), false)));
    from = to;
  }
  parts.push(Buffer.from(transcoder.push(bytes.subarray(from), true)));
  return Buffer.concat(parts);
}

test(`where blocks end does not matter (seed ${seed})`, () => {
  const cuts = fc.array(fc.nat(80), { maxLength: 12 });
  const text = fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .map((one) => Buffer.from(`\ufeff${one}😀`, 'utf16le'));
  // Any bytes: halves of surrogate pairs, marks in the middle, an odd end.
  const halves = fc
    .array(fc.constantFrom(0x00, 0x41, 0xd8, 0xdc, 0xdf, 0xfe, 0xff), { maxLength: 40 })
    .map((bytes) => Buffer.from(bytes));
  const any = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
  const check = (bytes: Buffer, at: number[], encoding: OtherEncoding): void => {
    const expected = Buffer.from(whole(bytes, encoding), 'utf8');
    expect(inBlocks(bytes, encoding, at).equals(expected)).toBe(true);
  };
  const given = fc.oneof(text, halves, any);
  fc.assert(fc.property(given, cuts, fc.constantFrom(...ENCODINGS), check), {
    seed,
    numRuns: 2000,
  });
});

test('what is no UTF-16 is what it is when read at once', () => {
  const lone = Buffer.from([0x41, 0x00, 0x00, 0xd8, 0x42, 0x00, 0x43]);
  expect(inBlocks(lone, 'utf16le', [1, 3, 4]).toString()).toBe('A\ufffdB');
  const cutOff = Buffer.from([0x00, 0x41, 0xd8, 0x3d]);
  expect(inBlocks(cutOff, 'utf16be', [2, 3]).toString()).toBe('A\ufffd');
});
