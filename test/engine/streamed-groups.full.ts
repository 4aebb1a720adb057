import { it } from 'vitest';
import { checkGroups } from './streamed-groups.ts';

it('random tables, through pipes and compressed', async () => {
  await checkGroups(1000);
});
