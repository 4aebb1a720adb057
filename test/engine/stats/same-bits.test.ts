import { it } from 'vitest';
import { expectSameBits } from '../same-bits.ts';

it('the program prints the same with any number of threads', () => {
  // Above 4 MiB, where threads begin to share the work.
  const ways = [
    ['FILE', '--threads', '1'],
    ['FILE', '--threads', '3'],
  ];
  expectSameBits(60_000, ways, [['--all'], ['--by', 'key', '--all', '--approx'], ['--schema']]);
});
