import path from 'node:path';
import { expect, it } from 'vitest';
import { folderWith } from './nairobi.ts';
import {
  COMMANDS,
  FORMATS,
  makeSources,
  randomFrom,
  SPOILS,
  signalled,
  spoiled,
  WAYS,
} from './under-fire.ts';

const SEED = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 1e9);
const USUAL_MS = 500;

it('a signal at any moment ends every command with its code and leaves no half file', async () => {
  console.log(`seed ${SEED}`);
  const random = randomFrom(SEED);
  const folder = folderWith();
  makeSources(folder);
  for (const [index, command] of Object.keys(COMMANDS).entries()) {
    const signal = index % 2 === 0 ? 'SIGINT' : 'SIGTERM';
    const io = WAYS[index % WAYS.length] ?? 'auto';
    const how = { io, signal, random, usualMs: USUAL_MS } as const;
    const file = path.join(folder, 'original.csv');
    expect(await signalled(command, file, path.join(folder, 'out'), how)).toBeUndefined();
  }
});

it('a source spoiled while it is read is an error or one of the two answers', async () => {
  const random = randomFrom(SEED);
  const folder = folderWith();
  makeSources(folder);
  const spoils = Object.keys(SPOILS);
  for (let index = 0; index < 10; index++) {
    const how = {
      format: FORMATS[index % FORMATS.length] ?? 'csv',
      io: WAYS[(index * 3) % WAYS.length] ?? 'auto',
      spoil: spoils[(index * 2) % spoils.length] ?? 'deleted',
      random,
      usualMs: USUAL_MS,
    };
    expect(await spoiled(folder, how)).toBeUndefined();
  }
});
