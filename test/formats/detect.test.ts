import { describe, expect, it } from 'vitest';
import { detect, detectCompression } from '../../src/formats/detect.ts';

const GZ = [0x1f, 0x8b];
const ZST = [0x28, 0xb5, 0x2f, 0xfd];
const LZ4 = [0x04, 0x22, 0x4d, 0x18];
const XZ = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0];
const BZ2 = [...Buffer.from('BZh9')];
/** A frame to be passed over, of `length` bytes. */
const skippable = (kind: number, length: number): number[] => [
  ...[0x50 + kind, 0x2a, 0x4d, 0x18, length, 0, 0, 0],
  ...Array.from({ length }, () => 7),
];
const head = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

describe('a compression', () => {
  it('is known by its first bytes', () => {
    const all = { gz: GZ, zst: ZST, lz4: LZ4, xz: XZ, bz2: BZ2 };
    for (const [name, magic] of Object.entries(all)) {
      expect(detectCompression(head(...magic, 1, 2, 3))).toBe(name);
    }
    expect(detectCompression(head(...Buffer.from('BZhx')))).toBeUndefined();
  });

  it('is known behind frames to pass over, and is zstd where it lies too far behind', () => {
    expect(detectCompression(head(...skippable(0, 4), ...ZST))).toBe('zst');
    expect(detectCompression(head(...skippable(15, 4), ...LZ4))).toBe('lz4');
    expect(detectCompression(head(...skippable(1, 0), ...skippable(2, 0), ...LZ4))).toBe('lz4');
    expect(detectCompression(head(...skippable(3, 200)).subarray(0, 16))).toBe('zst');
    expect(detectCompression(head(0x60, 0x2a, 0x4d, 0x18, 0, 0, 0, 0, ...LZ4))).toBeUndefined();
    expect(detectCompression(head(...skippable(0, 0).slice(0, 7)))).toBeUndefined();
  });
});

describe('what was cut within the magic of its compression', () => {
  it.each([
    ['t.csv.gz', GZ.slice(0, 1)],
    ['t.csv.zst', ZST.slice(0, 1)],
    ['t.csv.zst', ZST.slice(0, 3)],
    ['t.csv.lz4', LZ4.slice(0, 2)],
    ['t.csv.xz', XZ.slice(0, 5)],
    ['t.csv.bz2', BZ2.slice(0, 1)],
    ['t.csv.bz2', BZ2.slice(0, 3)],
    // Without a name where it can be no text.
    [undefined, GZ.slice(0, 1)],
    [undefined, LZ4.slice(0, 3)],
  ])('is an error with the byte: %s %j', (path, bytes) => {
    const message = new RegExp(`in the middle of its \\w+ data \\(at byte ${bytes.length}\\)`);
    expect(() => detect(path, head(...bytes))).toThrow(message);
  });

  it('is text where it is one', () => {
    expect(detect('t.csv', head(...BZ2.slice(0, 2)))).toBe('csv');
    expect(detect(undefined, head(0x28))).toBe('csv');
    expect(detect('t.csv.gz', head())).toBe('csv');
  });
});

it.each([
  ['LZ4 file of the legacy format', [0x02, 0x21, 0x4c, 0x18]],
  ['compress', [0x1f, 0x9d, 0x90]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['tar archive', [...Buffer.from('a.csv'.padEnd(257, '\0')), ...Buffer.from('ustar\0')]],
])('%s is named as what it is', (what, bytes) => {
  expect(() => detect('data.csv', head(...bytes))).toThrow(what);
});

describe('texts that are no tables', () => {
  const head = (text: string): Uint8Array => Buffer.from(text);

  it('are named, with what to do', () => {
    const lines = 'weather,loc=a temp=1.5,wet=t 1700000000000000000\nweather temp=2 1700000001\n';
    expect(() => detect('w.lp', head(lines))).toThrow(/line protocol/);
    const metrics = '# HELP up Whether it is\n# TYPE up gauge\nup{job="a"} 1\n';
    expect(() => detect('m.txt', head(metrics))).toThrow(/Prometheus/);
  });

  it('are not seen in tables', () => {
    for (const text of [
      'a,b=c d=1 17\n1,2\n',
      '# HELP me\n1\n',
      '# TYPE a b\na,b\n1,2\n',
      'x y=1\n',
    ]) {
      expect(detect('t.csv', head(text))).toBe('csv');
    }
  });
});
