/** One manual page in roff's man macros, from what oclif knows of a command. See man(7). */
import type { Command } from '@oclif/core/command';

interface Program {
  readonly version: string;
  readonly description: string;
}

const EXIT_STATUS: readonly (readonly [string, string])[] = [
  ['0', 'Done.'],
  ['1', 'Failed: bad data, bad SQL, I/O error.'],
  ['2', 'Wrong usage: unknown flag, missing argument.'],
  ['3', 'This host cannot do it: missing library, refused system call with no fallback.'],
  ['4', 'Does not fit the memory limit.'],
  ['5', 'Done in part, as --on-error allowed: rows were rejected.'],
  ['75', 'Another run holds the lock.'],
  ['124', '--timeout passed.'],
  ['130, 143', 'Interrupted, terminated; nothing half-written.'],
];

export function programPage(program: Program, commands: readonly Command.Loadable[]): string {
  return [
    title('NAIROBI', program),
    section('NAME', `nairobi \\- ${text(lowerFirst(program.description))}`),
    section('SYNOPSIS', '.B nairobi\n.I command\n.RI [ arguments ]'),
    section(
      'COMMANDS',
      commands.map((c) => item(`\\fBnairobi-${text(c.id)}\\fR(1)`, c.summary ?? '')).join('\n'),
    ),
    section('EXIT STATUS', EXIT_STATUS.map(([code, meaning]) => item(code, meaning)).join('\n')),
    section(
      'ENVIRONMENT',
      [
        item('NAIROBI_DEBUG', 'When 1, a failure shows its stack and its causes.'),
        item('NO_COLOR', 'When set, nothing is coloured.'),
      ].join('\n'),
    ),
  ].join('');
}

export function commandPage(program: Program, command: Command.Loadable): string {
  const name = `nairobi-${command.id}`;
  return [
    title(name.toUpperCase(), program),
    section('NAME', `${text(name)} \\- ${text(lowerFirst(command.summary ?? ''))}`),
    section('SYNOPSIS', `.B nairobi\n${text(String(command.usage))}`),
    section('DESCRIPTION', paragraphs(command.description ?? command.summary ?? '')),
    section('ARGUMENTS', argumentsOf(command)),
    ...flagSections(command),
    section('EXAMPLES', examplesOf(command)),
    section('SEE ALSO', '.BR nairobi (1)'),
  ].join('');
}

function title(name: string, program: Program): string {
  return (
    '.\\" Written by scripts/man.ts from the commands themselves: do not edit.\n' +
    `.TH ${text(name)} 1 "" "nairobi ${program.version}" "User Commands"\n`
  );
}

function section(heading: string, body: string): string {
  return body === '' ? '' : `.SH ${heading}\n${body}\n`;
}

/** A tagged paragraph: what it is, then what it means. */
function item(tag: string, meaning: string): string {
  return `.TP\n${tag}\n${text(meaning)}`;
}

function argumentsOf(command: Command.Loadable): string {
  return Object.values(command.args)
    .map((arg) => item(`\\fI${text(arg.name.toUpperCase())}\\fR`, arg.description ?? ''))
    .join('\n');
}

/** One section for each group of flags, in the order the groups appear. */
function flagSections(command: Command.Loadable): string[] {
  const groups = new Map<string, string[]>();
  for (const [name, flag] of Object.entries(command.flags)) {
    if (flag.hidden === true) continue;
    const group = flag.helpGroup === undefined ? 'FLAGS' : `${flag.helpGroup} FLAGS`;
    groups.set(group, [...(groups.get(group) ?? []), flagItem(name, flag)]);
  }
  return [...groups].map(([group, items]) => section(text(group), items.join('\n')));
}

function flagItem(name: string, flag: Command.Flag.Any): string {
  const short = flag.char === undefined ? '' : `\\fB\\-${flag.char}\\fR, `;
  const long = `\\fB\\-\\-${flag.type === 'boolean' && flag.allowNo ? '[no\\-]' : ''}${text(name)}\\fR`;
  if (flag.type !== 'option') return item(short + long, flag.summary ?? flag.description ?? '');
  const value = Array.isArray(flag.helpValue) ? flag.helpValue.join(' ') : flag.helpValue;
  const remarks = [
    flag.summary ?? flag.description ?? '',
    flag.options === undefined ? '' : `One of ${flag.options.join(', ')}.`,
    flag.default === undefined ? '' : `Default: ${String(flag.default)}.`,
    flag.env === undefined ? '' : `Environment: ${flag.env}.`,
    flag.required === true ? 'Required.' : '',
    flag.multiple === true ? 'May be given more than once.' : '',
  ];
  const meaning = remarks
    .filter((remark) => remark !== '')
    .map(sentence)
    .join(' ');
  return item(`${short}${long}=\\fI${text(value ?? 'VALUE')}\\fR`, meaning);
}

function examplesOf(command: Command.Loadable): string {
  return (command.examples ?? [])
    .map((example) => {
      const { description, command: line } =
        typeof example === 'string' ? { description: '', command: example } : example;
      const typed = text(render(line, command.id));
      return `.PP\n${text(description)}:\n.PP\n.RS 4\n.nf\n${typed}\n.fi\n.RE`;
    })
    .join('\n');
}

/** What oclif's help fills in. */
function render(template: string, id: string): string {
  return template.replaceAll('<%= config.bin %>', 'nairobi').replaceAll('<%= command.id %>', id);
}

function paragraphs(description: string): string {
  return description
    .split(/\n{2,}/)
    .map((paragraph) => text(render(paragraph, '')))
    .join('\n.PP\n');
}

const sentence = (remark: string): string => (/[.!?:]$/.test(remark) ? remark : `${remark}.`);

const lowerFirst = (line: string): string =>
  line.replace(/^[A-Z](?=[a-z ])/, (c) => c.toLowerCase());

/** Text as roff takes it: its escape character and hyphens spelt out, no line a request. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}
