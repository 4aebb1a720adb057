import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from './nairobi.ts';
import {
  COMMANDS,
  FORMATS,
  makeLongSources,
  makeSources,
  randomFrom,
  SPOILS,
  signalled,
  spoiled,
  WAYS,
} from './under-fire.ts';

const SEED = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 1e9);
const ROUNDS = Number(process.env['NAIROBI_TEST_ROUNDS'] ?? 5);
const USUAL_MS = 700;
console.log(`seed ${SEED}`);

describe.each(WAYS)('--io %s', (io) => {
  it.each(Object.keys(COMMANDS))('%s obeys signals at any moment', async (command) => {
    const random = randomFrom(SEED + command.length);
    const folder = folderWith();
    makeSources(folder);
    const file = path.join(folder, 'original.csv');
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const signal = round % 2 === 0 ? 'SIGINT' : 'SIGTERM';
      const how = { io, signal, random, usualMs: USUAL_MS } as const;
      expect(await signalled(command, file, path.join(folder, 'out'), how)).toBeUndefined();
    }
  });

  it.each(FORMATS)('a %s spoiled while it is read never crashes and never lies', async (format) => {
    const random = randomFrom(SEED + format.length);
    const folder = folderWith();
    makeSources(folder);
    for (const spoil of Object.keys(SPOILS)) {
      for (let round = 0; round < ROUNDS; round++) {
        const how = { format, io, spoil, random, usualMs: USUAL_MS };
        expect(await spoiled(folder, how)).toBeUndefined();
      }
    }
  });
});

it.each(Object.keys(SPOILS))('a CSV file that is %s under a window', async (spoil) => {
  const random = randomFrom(SEED + spoil.length);
  const folder = folderWith();
  makeLongSources(folder);
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const how = { format: 'long.csv', io: 'auto', spoil, random, usualMs: USUAL_MS } as const;
    expect(await spoiled(folder, how)).toBeUndefined();
  }
});
