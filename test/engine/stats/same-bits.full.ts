import { it } from 'vitest';
import { expectSameBits, QUESTIONS } from '../same-bits.ts';

/** A group's figures, or the values of all rows, take what they take. */
const isBounded = (question: readonly string[]): boolean =>
  !question.some((flag) => flag === '--by' || flag === '--corr') &&
  (!question.includes('--all') || question.includes('--approx'));

it('the program prints the same with any number of threads, compressed or not', () => {
  // Above 32 MiB, where files are read in place.
  expectSameBits(500_000, [
    ['FILE', '--threads', '1'],
    ['FILE', '--threads', '5'],
    ['FILE', '--io', 'pread'],
    ['FILE.gz', '--threads', '2'],
  ]);
});

it('the program prints the same under any limit', () => {
  // In windows of a quarter of the limit.
  expectSameBits(
    500_000,
    [
      ['FILE', '--threads', '1'],
      ['FILE', '--threads', '5', '--memory-limit', '300MiB'],
      ['FILE', '--threads', '2', '--memory-limit', '200MiB'],
    ],
    QUESTIONS.filter(isBounded),
  );
});
