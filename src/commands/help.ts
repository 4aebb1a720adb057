/** Help for the program and for each command, laid out by oclif from the commands' own words. */
import type { Command } from '@oclif/core/command';
import { CommandHelp, Help } from '@oclif/core/help';
import { COMMANDS } from '../commands.ts';
import { NairobiError } from '../errors.ts';
import { closest } from '../suggest.ts';
import { reportFailure } from './failure.ts';
import { bareConfig, type CommandClass, type Program } from './program.ts';

const EXIT_CODES = `EXIT CODES
  0  done                           4    does not fit the memory limit
  1  failed: bad data, SQL, I/O     5    done in part, as --on-error allowed
  2  wrong usage                    75   another run holds the lock
  3  this host cannot do it         124  --timeout passed
`;

/** Prints the help of the command in `argv`, or of the program when it names none. */
export async function showHelp(program: Program, argv: readonly string[]): Promise<void> {
  const config = bareConfig(program);
  const commands: Command.Loadable[] = [];
  for (const [id, load] of COMMANDS) {
    commands.push(await describe(id, (await load()).default));
  }
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

/** A command class as oclif's help wants it: every flag, its own and the shared ones, by name. */
async function describe(id: string, command: CommandClass): Promise<Command.Loadable> {
  const { aliases, description, examples, summary, strict } = command;
  const args = Object.entries(command.args).map(([name, arg]) => [name, { ...arg, name }]);
  const flags: Record<string, Command.Flag> = { ...command.flags, ...command.baseFlags };
  const shown = await Promise.all(
    Object.entries(flags).map(([name, flag]) => withShownDefault(name, flag)),
  );
  return {
    id,
    aliases,
    description,
    examples,
    summary,
    strict,
    usage: command.usage ?? usageOf(id, command),
    args: Object.fromEntries(args),
    flags: Object.fromEntries(shown),
  } as never;
}

/** A flag with the default to show: one that is computed says it itself, an empty one nothing. */
async function withShownDefault(name: string, flag: Command.Flag): Promise<[string, Command.Flag]> {
  if (flag.type !== 'option') return [name, flag];
  const { default: value, defaultHelp } = flag as { default?: unknown; defaultHelp?: unknown };
  let shown = Array.isArray(value) && value.length === 0 ? undefined : value;
  if (typeof defaultHelp === 'function') shown = await defaultHelp({ flags: {}, options: flag });
  else if (typeof shown === 'function') shown = undefined;
  return [name, { ...flag, default: shown } as Command.Flag];
}

/** "ingest SOURCE... -o TARGET [flags]": what must be there; the rest is listed below it. */
function usageOf(id: string, command: CommandClass): string {
  const words = Object.entries(command.args).map(([name, arg]) => {
    const word = `${name.toUpperCase()}${arg.multiple === true || command.strict === false ? '...' : ''}`;
    return arg.required === true ? word : `[${word}]`;
  });
  for (const [name, flag] of Object.entries(command.flags)) {
    if (flag.required !== true || flag.type !== 'option') continue;
    const value = Array.isArray(flag.helpValue) ? flag.helpValue.join(' ') : flag.helpValue;
    const spelt = flag.char === undefined ? `--${name}` : `-${flag.char}`;
    words.push(`${spelt} ${value ?? name.toUpperCase()}`);
  }
  return [id, ...words, '[flags]'].join(' ');
}
