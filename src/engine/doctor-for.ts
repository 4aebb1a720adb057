/** What a command line, given to --for, needs of the host: check ids, and paths to look at. */
import { dirname, resolve } from 'node:path';
import { NairobiError } from '../errors.ts';
import type { Place } from '../host/observed.ts';
import { closest } from '../suggest.ts';

export interface Demands {
  /** Checks whose warning means that the command will not work as asked. */
  readonly required: ReadonlySet<string>;
  readonly places: readonly Place[];
}

/** Every command needs these. */
const ALWAYS = ['kernel.architecture', 'runtime.node', 'runtime.polars', 'memory.available'];

const BY_COMMAND: Readonly<Record<string, readonly string[]>> = {
  ingest: ['data.input', 'data.output'],
  query: ['runtime.pg_query', 'data.input', 'data.output'],
  stats: ['data.input'],
  plot: ['data.input', 'data.output'],
};

/** Options that demand more, as "name" or "name=value". */
const BY_OPTION: Readonly<Record<string, readonly string[]>> = {
  'io=uring': ['io_uring.setup'],
  'direct=always': ['storage.direct'],
  sqpoll: ['io_uring.setup', 'io_uring.sqpoll'],
  iopoll: ['io_uring.setup', 'io_uring.iopoll', 'storage.direct'],
  'pages=hugetlb': ['memory.hugetlb', 'memory.hugetlb_touch'],
};

const PICTURE_WITHOUT_CANVAS = /\.(?:svg|html?|json|txt)$/i;
const DATA_FILE =
  /\.(?:csv|tsv|parquet|pq|ndjson|jsonl|json|arrow|ipc|feather)(?:\.(?:gz|zst|bz2|xz|lz4))?$/i;

/** Reads "query 'SELECT ...' data/*.csv -o out.parquet"; throws USAGE on an unknown command. */
export function demandsOf(commandLine: string): Demands {
  const words = splitWords(commandLine);
  if (words[0] === 'nairobi') words.shift();
  const command = words.shift() ?? '';
  const own = BY_COMMAND[command];
  if (own === undefined) {
    const names = Object.keys(BY_COMMAND);
    const near = closest(command, names);
    throw new NairobiError('USAGE', `--for does not know the command "${command}"`, {
      hint: near === undefined ? `name one of ${names.join(', ')}` : `did you mean "${near}"?`,
    });
  }
  const { options, inputs } = readWords(words);
  const output = options.get('o') ?? options.get('output');
  const required = new Set([...ALWAYS, ...own]);
  for (const [name, value] of options) {
    for (const id of BY_OPTION[value === '' ? name : `${name}=${value}`] ?? []) required.add(id);
  }
  if (command === 'plot' && !PICTURE_WITHOUT_CANVAS.test(output ?? '')) {
    required.add('render.canvas').add('render.fonts');
  }
  const places = [
    ...inputs.map((path) => ({ path: resolve(path), purpose: 'input' as const })),
    ...(output === undefined || output === '-'
      ? []
      : [{ path: resolve(output), purpose: 'output' as const }]),
  ];
  return { required, places };
}

interface Words {
  readonly options: ReadonlyMap<string, string>;
  readonly inputs: readonly string[];
}

/** Options that take a value as the next word, of those that matter here. */
const VALUED = new Set([
  'o',
  'output',
  'io',
  'direct',
  'pages',
  'x',
  'y',
  'threads',
  'memory-limit',
]);

function readWords(words: readonly string[]): Words {
  const options = new Map<string, string>();
  const inputs: string[] = [];
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const option = /^--?([a-z][\w-]*)(?:=(.*))?$/.exec(word);
    if (option === null) {
      inputs.push(...pathsIn(word));
      continue;
    }
    const name = option[1] ?? '';
    const takesNext = option[2] === undefined && VALUED.has(name);
    options.set(name, (takesNext ? left.shift() : option[2]) ?? '');
  }
  return { options, inputs };
}

/** A word that is a path, or the file names quoted inside an SQL text. */
function pathsIn(word: string): string[] {
  if (/\s/.test(word)) {
    const quoted = [...word.matchAll(/'([^']+)'|"([^"]+)"/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
    return quoted.filter((name) => DATA_FILE.test(name)).map(beforeGlob);
  }
  return word === '-' || word === '' ? [] : [beforeGlob(word)];
}

/** "data/*.csv" -> "data": what can be looked at before the names are known. */
function beforeGlob(path: string): string {
  const wild = path.search(/[*?[{]/);
  return wild < 0 ? path : dirname(`${path.slice(0, wild)}x`);
}

/** Words as a shell splits them: blanks, single and double quotes, backslashes. */
function splitWords(text: string): string[] {
  const words = text.match(/(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, escaped) =>
      String(single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped),
    ),
  );
}
