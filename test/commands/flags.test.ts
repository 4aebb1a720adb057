import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';

it.each([...COMMANDS])('%s: a flag given again takes one value each time', async (_, load) => {
  const { flags } = (await load()).default;
  const greedy = Object.entries(flags ?? {}).filter(
    ([, flag]) => flag.type === 'option' && flag.multiple && flag.multipleNonGreedy !== true,
  );
  // It would swallow the arguments behind it: --types id=text "select ...".
  expect(greedy.map(([name]) => name)).toEqual([]);
});
