import { describe, expect, it } from 'vitest';
import {
  DEFAULT_DEPTH,
  EXACT_DISTINCT,
  exactDistinct,
} from '../../src/compute/stats/accumulate.ts';
import { figuresOf } from '../../src/compute/stats/figures.ts';
import { survey, surveyEach } from '../../src/compute/stats/survey.ts';
import { csv, relationOf } from './relations.ts';

const COLUMNS = 24;
const names = Array.from({ length: COLUMNS }, (_, i) => `c${i}`);
const rows = Array.from({ length: 4000 }, (_, n) =>
  names.map((_, i) => (i % 3 === 0 ? `t${(n * (i + 7)) % 997}` : (n * n * (i + 1)) % 65_521)),
);
const frame = csv(`${names.join(',')}\n${rows.map((row) => row.join(',')).join('\n')}\n`);
const DEPTH = { ...DEFAULT_DEPTH, sketch: true, frequent: true };

describe('states of columns that do not fit together', () => {
  it.each([200_000, 1_000_000, 3_000_000])('are made in turn in %i bytes', async (stateBytes) => {
    const relation = relationOf(frame, 500);
    let passes = 0;
    const counted = {
      ...relation,
      segments: (wanted?: readonly string[]) => {
        passes += 1;
        return relation.segments(wanted);
      },
    };
    const whole = (await survey(relation, { depth: DEPTH })).map((one) => figuresOf(one, [0.5]));
    const told = await surveyEach(counted, { depth: { ...DEPTH, stateBytes } }, (one) =>
      figuresOf(one, [0.5]),
    );
    expect(told).toEqual(whole);
    expect(passes).toBeGreaterThan(1);
  });

  it('leave a table of 65,536 to each of few columns and as many in all to thousands', () => {
    expect(exactDistinct(0)).toBe(EXACT_DISTINCT);
    expect(exactDistinct(64)).toBe(EXACT_DISTINCT);
    expect(exactDistinct(2000)).toBe(2097);
  });
});
