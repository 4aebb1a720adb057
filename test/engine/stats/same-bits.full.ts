import { it } from 'vitest';
import { expectSameBits } from '../same-bits.ts';

it('the program prints the same with any number of threads, any limit, compressed or not', () => {
  // Above 32 MiB, where files are read in place, in windows of a quarter of the limit.
  expectSameBits(500_000, [
    ['FILE', '--threads', '1'],
    ['FILE', '--threads', '2'],
    ['FILE', '--threads', '5', '--memory-limit', '300MiB'],
    ['FILE', '--threads', '2', '--memory-limit', '200MiB'],
    ['FILE', '--io', 'pread'],
    ['FILE.gz', '--threads', '2'],
  ]);
});
