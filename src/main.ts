/**
 * The program's table of contents: --version, help, or one command. Each part loads only when it
 * is asked for.
 */
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { chooseDaemon } from './client/choose.ts';
import type { Program } from './commands/program.ts';
import { COMMANDS } from './commands.ts';

const HELP_FLAGS = new Set(['--help', '-h']);
/** Stands in the written help for what depends on the runtime. */
const WRITTEN_VERSION = '@VERSION@';
const VERSION_FLAGS = new Set(['--version', '-V']);

/**
 * Runs `argv` (without node and the script). `root` is the folder of package.json. Sets
 * process.exitCode, never throws.
 */
export async function main(argv: readonly string[], root: URL): Promise<void> {
  try {
    await dispatch(argv, root);
  } catch (error) {
    const { reportFailure } = await import('./commands/failure.ts');
    reportFailure(error, { json: argv.includes('--json'), id: 'help' });
  }
}

async function dispatch(argv: readonly string[], root: URL): Promise<void> {
  const program = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Program;
  const [id = 'help', ...rest] = argv;
  if (VERSION_FLAGS.has(id)) {
    process.stdout.write(`${versionOf(program)}\n`);
    return;
  }
  // What follows --exec are the words of another program.
  const end = rest.findIndex((word) => word === '--' || word === '--exec');
  const flags = end === -1 ? rest : rest.slice(0, end);
  if (id === 'help' || HELP_FLAGS.has(id) || flags.some((flag) => HELP_FLAGS.has(flag))) {
    const words = id === 'help' ? rest : argv;
    if (showWrittenHelp(program, words)) return;
    const { showHelp } = await import('./commands/help.ts');
    return showHelp(program, words);
  }
  const terminal = { env: process.env, isTerminal: process.stdout.isTTY };
  const chosen = chooseDaemon(id, rest, terminal);
  if (chosen !== undefined) {
    const { runVia } = await import('./client/via.ts');
    const { name, version } = program;
    const line = {
      ...chosen,
      command: id,
      argv: rest,
      program: `${name}/${version}`,
      writeFile: async (path: string, bytes: Uint8Array) =>
        (await import('./formats/write.ts')).writeWhole(path, bytes),
    };
    if (await runVia(line)) return;
  }
  const load = COMMANDS.get(id);
  if (load === undefined) {
    const { reportUnknownCommand } = await import('./commands/help.ts');
    return reportUnknownCommand(id);
  }
  const { default: command } = await load();
  await command.runner(program, id, command, rest);
}

const versionOf = ({ name, version }: Program): string =>
  `${name}/${version} linux-${process.arch} node-${process.version}`;

/**
 * The help that the build wrote down (scripts/build.mjs), which loads no command: laying it out
 * takes twice as long as the rest of the start. False when there is none for these words.
 */
function showWrittenHelp(program: Program, words: readonly string[]): boolean {
  const subject = words.find((word) => !word.startsWith('-'));
  const isKnown = subject === undefined || COMMANDS.has(subject);
  if (!isKnown || import.meta.url.endsWith('.ts')) return false;
  try {
    const file = new URL(`help/${subject ?? 'nairobi'}.txt`, import.meta.url);
    const text = readFileSync(file, 'utf8').replace(WRITTEN_VERSION, versionOf(program));
    const { NO_COLOR = '', FORCE_COLOR = '', TERM } = process.env;
    const isStyled = process.stdout.isTTY === true && TERM !== 'dumb' && NO_COLOR === '';
    const shown = isStyled || FORCE_COLOR !== '' ? text : stripVTControlCharacters(text);
    process.stdout.write(shown);
    return true;
  } catch {
    return false; // not written down: a build was interrupted
  }
}
