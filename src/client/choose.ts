/** Whether a command line may go to the daemon, found out from its words and one look at a path. */
import { existsSync } from 'node:fs';
import { socketPath } from './socket-path.ts';

const COMMANDS = new Set(['query', 'stats', 'plot']);

/**
 * What only the program itself does: it reads or writes beside the sources and the output, or is
 * about the process it runs in.
 */
const OWN =
  /^--(spec|allow-file|allow-url|cache|html|expect|report|timeout|memory-limit|threads|cpus|io|direct|dry-run|open|file|files-from|gl|progress)(=|$)/;

/** Standard input, other descriptors of the process, and @FILE of --types. */
const OWN_INPUT = /^-$|=-$|^-f.|stdin|\/dev\/|\/proc\/|(^|[=,])@/i;

/** Variables that change what a command does. */
const OWN_ENVIRONMENT = /^(NAIROBI_(MEMORY_LIMIT|IO|DEBUG)|(POLARS|FONTCONFIG)_\w+)$/;

export interface Chosen {
  readonly socket: string;
  /** Named by the user: nobody listening there is an error, else the program does the work. */
  readonly isWished: boolean;
}

/** Undefined: the program does it itself. */
export function chooseDaemon(
  command: string,
  argv: readonly string[],
  { env, isTerminal }: { env: NodeJS.ProcessEnv; isTerminal: boolean },
): Chosen | undefined {
  if (!COMMANDS.has(command)) return undefined;
  const via = viaOf(argv) ?? env['NAIROBI_VIA'] ?? 'auto';
  if (via === 'never') return undefined;
  const socket = via === 'auto' ? socketPath(env) : via;
  if (via === 'auto' && !existsSync(socket)) return undefined;
  const isOwn =
    isOwnLine(command, argv, isTerminal) ||
    Object.keys(env).some((name) => OWN_ENVIRONMENT.test(name));
  return isOwn ? undefined : { socket, isWished: via !== 'auto' };
}

/** True for what only the program itself does. The daemon asks the same: it trusts no client. */
export function isOwnLine(command: string, argv: readonly string[], isTerminal: boolean): boolean {
  const flags = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  return (
    (command !== 'stats' && flags.some((word) => /^--schema(=|$)/.test(word))) ||
    flags.some((word) => OWN.test(word) || (command === 'query' && /^-[a-z]*f/.test(word))) ||
    argv.some((word) => OWN_INPUT.test(word)) ||
    // A chart for a terminal asks the terminal.
    (command === 'plot' && isTerminal && !flags.some((word) => /^(-o|--output|--json)/.test(word)))
  );
}

/** The last --via; whatever else is wrong with the words is for the parser to say. */
function viaOf(argv: readonly string[]): string | undefined {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  for (let i = end - 1; i >= 0; i -= 1) {
    const word = argv[i] ?? '';
    if (word.startsWith('--via=')) return word.slice('--via='.length);
    if (word === '--via' && i + 1 < end) return argv[i + 1];
  }
  return undefined;
}
