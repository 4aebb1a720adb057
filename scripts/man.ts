/**
 * Writes the manual pages from the commands' own definitions:
 *
 *   node scripts/man.ts
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeCommands } from '../src/commands/surface.ts';
import { commandPage, programPage } from './man-page.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Every page by its file name. */
export async function manualPages(): Promise<ReadonlyMap<string, string>> {
  const text = readFileSync(path.join(ROOT, 'package.json'), 'utf8');
  const program = JSON.parse(text) as { version: string; description: string };
  const commands = await describeCommands();
  return new Map([
    ['nairobi.1', programPage(program, commands)],
    ...commands.map((command): [string, string] => [
      `nairobi-${command.id}.1`,
      commandPage(program, command),
    ]),
  ]);
}

if (process.argv[1] === import.meta.filename) {
  const folder = path.join(ROOT, 'man');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, page] of await manualPages()) writeFileSync(path.join(folder, name), page);
}
