/**
 * Every command, by the name typed. To add one: write src/commands/NAME.ts with the command class
 * as its default export, and add a line such as ['query', () => import('./commands/query.ts')].
 */
import type { CommandClass } from './commands/program.ts';

type CommandLoader = () => Promise<{ readonly default: CommandClass }>;

/** In the order help shows them. Each loads only when it is run or described. */
export const COMMANDS: ReadonlyMap<string, CommandLoader> = new Map<string, CommandLoader>([
  ['ingest', () => import('./commands/ingest.ts')],
  ['query', () => import('./commands/query.ts')],
  ['stats', () => import('./commands/stats.ts')],
  ['doctor', () => import('./commands/doctor.ts')],
  ['plot', () => import('./commands/plot.ts')],
  ['serve', () => import('./commands/serve.ts')],
]);
