/**
 * The program's table of contents: --version, help, or one command. Each part loads only when it
 * is asked for.
 */
import { readFileSync } from 'node:fs';
import type { Program } from './commands/program.ts';
import { COMMANDS } from './commands.ts';

const HELP_FLAGS = new Set(['--help', '-h']);
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
    const { name, version } = program;
    process.stdout.write(`${name}/${version} linux-${process.arch} node-${process.version}\n`);
    return;
  }
  const end = rest.indexOf('--');
  const flags = end === -1 ? rest : rest.slice(0, end);
  if (id === 'help' || HELP_FLAGS.has(id) || flags.some((flag) => HELP_FLAGS.has(flag))) {
    const { showHelp } = await import('./commands/help.ts');
    return showHelp(program, id === 'help' ? rest : argv);
  }
  const load = COMMANDS.get(id);
  if (load === undefined) {
    const { reportUnknownCommand } = await import('./commands/help.ts');
    return reportUnknownCommand(id);
  }
  const [{ default: command }, { runCommand }] = await Promise.all([
    load(),
    import('./commands/program.ts'),
  ]);
  await runCommand(program, id, command, rest);
}
