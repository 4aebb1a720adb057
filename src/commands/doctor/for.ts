/** --for: a command line in one word, taken apart by the command it names. */
import { COMMANDS } from '../../commands.ts';
import type { CommandLine } from '../../engine/doctor/for.ts';
import { NairobiError } from '../../errors.ts';
import { closest } from '../../suggest.ts';
import type { CommandClass } from '../program.ts';

export interface ParsedWords {
  readonly args: Readonly<Record<string, unknown>>;
  readonly argv: readonly unknown[];
  readonly flags: Readonly<Record<string, unknown>>;
}

type Parse = (command: CommandClass, words: string[]) => Promise<ParsedWords>;

/**
 * Reads "stats data.csv price --all"; throws USAGE on an unknown command, or as that command does.
 */
export async function readCommandLine(text: string, parse: Parse): Promise<CommandLine> {
  const words = splitWords(text);
  if (words[0] === 'nairobi') words.shift();
  const name = words.shift() ?? '';
  const load = COMMANDS.get(name);
  if (load === undefined || name === 'doctor') {
    const names = [...COMMANDS.keys()].filter((one) => one !== 'doctor');
    const near = closest(name, names);
    throw new NairobiError('USAGE', `--for does not know the command "${name}"`, {
      hint: near === undefined ? `name one of ${names.join(', ')}` : `did you mean "${near}"?`,
    });
  }
  const command = (await load()).default;
  const { args, argv, flags } = await parse(command, words);
  // Where several sources may be given they are all the words; else one is, and others are columns.
  const sources = command.strict === false ? argv : [args['source']];
  return {
    command: name,
    words: sources.filter((word) => word !== undefined).map(String),
    options: new Map(Object.entries(flags).flatMap(([flag, value]) => optionOf(flag, value))),
  };
}

function optionOf(flag: string, value: unknown): [string, string][] {
  if (value === undefined || value === false) return [];
  return [[flag, value === true ? '' : String(value)]];
}

/** Words as a shell splits them: blanks, single and double quotes, backslashes. */
export function splitWords(text: string): string[] {
  const words = text.match(/(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, escaped) =>
      String(single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped),
    ),
  );
}
