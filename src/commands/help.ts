/** Help for the program and for each command, laid out by oclif from the commands' own words. */
import { CommandHelp, Help } from '@oclif/core/help';
import { COMMANDS } from '../commands.ts';
import { NairobiError } from '../errors.ts';
import { closest } from '../suggest.ts';
import { reportFailure } from './failure.ts';
import { bareConfig, type Program } from './program.ts';
import { describeCommands } from './surface.ts';

const EXIT_CODES = `EXIT CODES
  0  done                           4    does not fit the memory limit
  1  failed: bad data, SQL, I/O     5    done in part, as --on-error allowed
  2  wrong usage                    75   another run holds the lock
  3  this host cannot do it         124  --timeout passed
`;

/** Prints the help of the command in `argv`, or of the program when it names none. */
export async function showHelp(program: Program, argv: readonly string[]): Promise<void> {
  const config = bareConfig(program);
  const commands = await describeCommands();
  Object.defineProperty(config, 'commands', { value: commands });
  config.findCommand = ((id: string) =>
    commands.find((command) => command.id === id)) as typeof config.findCommand;
  const subject = argv.find((word) => !word.startsWith('-'));
  if (subject !== undefined && config.findCommand(subject) === undefined) {
    return reportUnknownCommand(subject);
  }
  const help = new AlignedHelp(config, {
    maxWidth: 80,
    flagSortOrder: 'none',
    hideAliasesFromRoot: true,
  });
  await help.showHelp(subject === undefined ? ['--help'] : [subject]);
  if (subject === undefined) process.stdout.write(EXIT_CODES);
}

/** oclif trims a section's first line, and with it the room for "-x, " before a long flag. */
class AlignedCommandHelp extends CommandHelp {
  override section(...[header, body]: Parameters<CommandHelp['section']>): string {
    const text = super.section(header, body);
    const others = /\n {2}(-\w, | {4}--)/.test(text);
    return others ? text.replace(/^(.*\n {2})(?=--)/, '$1    ') : text;
  }
}

class AlignedHelp extends Help {
  protected override CommandHelpClass = AlignedCommandHelp;
}

export function reportUnknownCommand(id: string): void {
  const names = [...COMMANDS.keys()];
  const close = closest(id, names);
  const hint =
    close === undefined ? `the commands are ${names.join(', ')}` : `did you mean "${close}"?`;
  reportFailure(new NairobiError('USAGE', `No command "${id}"`, { hint }), { json: false, id });
}
