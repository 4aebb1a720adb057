/** Takes more memory than it may, with or without a mapped file that became shorter. */
import { openSync, truncateSync } from 'node:fs';
import { Overseer, ownBytes } from '../../src/engine/run/overseer.ts';
import { guardFaults } from '../../src/kernel/sigbus.ts';
import type { Fd } from '../../src/kernel/syscall.ts';
import { mapFile } from '../../src/memory/file-map.ts';
import { MiB } from '../../src/units.ts';

const [file = '', how] = process.argv.slice(2);
const overseer = new Overseer(({ message, hint }) => `${message}\n${hint}\n`);
overseer.endBeyond(MiB, ownBytes() + 65 * MiB);
using guard = guardFaults();
if (guard === undefined) process.exit(77);
const bytes = mapFile(openSync(file, 'r') as Fd);
if (how === 'cut') truncateSync(file, 4096);
let sum = bytes[100_000] ?? 0;
const taken: Buffer[] = [];
for (let count = 0; count < 600; count += 1) {
  taken.push(Buffer.alloc(MiB, 1));
  sum += taken[count]?.[count] ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 1));
}
console.log(`not ended: ${sum}`);
process.exit(0);
