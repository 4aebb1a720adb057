import { describe, expect, it } from 'vitest';
import { estimateDistinct } from '../../src/compute/sketch/hyperloglog.ts';
import { toDouble } from '../../src/compute/stats/exact.ts';
import { KERNEL_SOURCE } from '../../src/compute/stats/kernel.generated.ts';

describe('the kernel', () => {
  it('was compiled from the sources beside it (else run node scripts/kernels.mjs)', async () => {
    const script: string = new URL('../../scripts/kernels.mjs', import.meta.url).href;
    const { sourceDigest } = (await import(script)) as { sourceDigest: () => string };
    expect(KERNEL_SOURCE).toBe(sourceDigest());
  });
});

describe('rounding a fraction', () => {
  it('gives the nearest double, ties to even, down to the smallest', () => {
    const half = { numerator: 2n ** 54n + 2n, denominator: 2n };
    expect(toDouble(half)).toBe(Number((2n ** 54n + 2n) / 2n));
    expect(toDouble({ numerator: 2n ** 53n + 1n, denominator: 1n })).toBe(2 ** 53);
    expect(toDouble({ numerator: 2n ** 53n + 3n, denominator: 1n })).toBe(2 ** 53 + 4);
    expect(toDouble({ numerator: 1n, denominator: 3n })).toBe(1 / 3);
    expect(toDouble({ numerator: -2n, denominator: 7n })).toBe(-2 / 7);
    expect(toDouble({ numerator: 1n, denominator: 2n ** 1074n })).toBe(5e-324);
    expect(toDouble({ numerator: 1n, denominator: 2n ** 1075n })).toBe(0);
    expect(toDouble({ numerator: 3n, denominator: 2n ** 1075n })).toBe(1e-323);
    expect(toDouble({ numerator: 2n ** 1024n, denominator: 1n })).toBe(Infinity);
  });
});

describe('HyperLogLog', () => {
  it('knows nothing of no values', () => {
    expect(estimateDistinct(new Uint8Array(16384))).toBe(0);
  });
});
