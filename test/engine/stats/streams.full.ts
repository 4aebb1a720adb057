import { it } from 'vitest';
import { checkWays } from './streams.ts';

it('random tables, as a file, through pipes and compressed', async () => {
  await checkWays(1000);
});
