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
    return print(`${versionOf(program)}\n`);
  }
  // What follows --exec are the words of another program.
  const end = rest.findIndex((word) => word === '--' || word === '--exec');
  const flags = end === -1 ? rest : rest.slice(0, end);
  if (id === 'help' || HELP_FLAGS.has(id) || flags.some((flag) => HELP_FLAGS.has(flag))) {
    const words = id === 'help' ? rest : argv;
    const written = writtenHelp(program, words);
    if (written !== undefined) return print(written);
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

/** A full disk throws here, as it does from every other write, instead of in an event. */
function print(text: string): Promise<void> {
  const { stdout } = process;
  return new Promise((resolve, reject) => {
    stdout.once('error', reject);
    stdout.write(text, (error) => {
      if (error) return reject(error);
      stdout.off('error', reject);
      resolve();
    });
  });
}

/**
 * The help that the build wrote down (scripts/build.mjs), which loads no command: laying it out
 * takes twice as long as the rest of the start. Undefined when there is none for these words.
 */
function writtenHelp(program: Program, words: readonly string[]): string | undefined {
  const subject = words.find((word) => !word.startsWith('-'));
  const isKnown = subject === undefined || COMMANDS.has(subject);
  if (!isKnown || import.meta.url.endsWith('.ts')) return undefined;
  try {
    const file = new URL(`help/${subject ?? 'nairobi'}.txt`, import.meta.url);
    const text = readFileSync(file, 'utf8').replace(WRITTEN_VERSION, versionOf(program));
    const { NO_COLOR = '', FORCE_COLOR = '', TERM } = process.env;
    const isStyled = process.stdout.isTTY === true && TERM !== 'dumb' && NO_COLOR === '';
    return isStyled || FORCE_COLOR !== '' ? text : stripVTControlCharacters(text);
  } catch {
    return undefined; // not written down: a build was interrupted
  }
}
