/** What a person can type, as data: for help, the manual pages and the test that pins it. */
import type { Command } from '@oclif/core/command';
import { COMMANDS } from '../commands.ts';
import type { CommandClass } from './program.ts';

/** Every command, in the order help shows them. */
export async function describeCommands(): Promise<Command.Loadable[]> {
  const commands: Command.Loadable[] = [];
  for (const [id, load] of COMMANDS) {
    commands.push(await describe(id, (await load()).default));
  }
  return commands;
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
