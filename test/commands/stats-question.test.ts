import { describe, expect, it } from 'vitest';
import { quantilesOf } from '../../src/commands/stats/question.ts';
import { DEFAULT_QUANTILES } from '../../src/compute/stats/deep.ts';

describe('the figures of --all', () => {
  it('are computed when one of them is named', () => {
    expect(quantilesOf({ all: false })).toBeUndefined();
    expect(quantilesOf({ all: false, get: 'mean' })).toBeUndefined();
    expect(quantilesOf({ all: false, figures: 'mean, median' })).toEqual([...DEFAULT_QUANTILES]);
    expect(quantilesOf({ all: true })).toEqual([...DEFAULT_QUANTILES]);
  });

  it('have the quantile that is named', () => {
    expect(quantilesOf({ all: false, get: 'p99.9' })).toContain(0.999);
    expect(quantilesOf({ all: false, get: 'p25', quantiles: '0.5' })).toEqual([0.5, 0.25]);
    expect(quantilesOf({ all: false, get: 'p101' })).toBeUndefined();
  });

  it('refuse what is no quantile', () => {
    expect(() => quantilesOf({ all: true, quantiles: '2' })).toThrow(/as a quantile/);
  });
});
