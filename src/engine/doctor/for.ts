/** What a command line, given to --for, needs of the host: check ids, and places to look at. */
import { dirname, resolve } from 'node:path';
import type { Place } from '../../host/observed.ts';

/** A command line as the command itself understands it. */
export interface CommandLine {
  readonly command: string;
  /** Words that are no options: inputs, and for query the SQL text. */
  readonly words: readonly string[];
  /** Name to value; "" for a switch. */
  readonly options: ReadonlyMap<string, string>;
}

export interface Demands {
  /** Checks whose warning means that the command will not work as asked. */
  readonly required: ReadonlySet<string>;
  readonly places: readonly Place[];
}

/** Every command needs these. */
const ALWAYS = ['kernel.architecture', 'runtime.node', 'runtime.polars'];

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
  'gl=gpu': ['render.gl', 'render.devices'],
};

const PICTURE_WITHOUT_CANVAS = /\.(?:svg|html?|json|txt)$/i;
/** query takes NAME=PATH. */
const TABLE_NAME = /^[A-Za-z_]\w*=(?!\s)/;
const DATA_FILE =
  /\.(?:csv|tsv|parquet|pq|ndjson|jsonl|json|arrow|ipc|feather)(?:\.(?:gz|zst|bz2|xz|lz4))?$/i;

/** The demands of a command line; an unknown command demands what every command does. */
export function demandsOf({ command, words, options }: CommandLine): Demands {
  const output = options.get('output');
  const required = new Set([...ALWAYS, ...(BY_COMMAND[command] ?? [])]);
  for (const [name, value] of options) {
    for (const id of BY_OPTION[value === '' ? name : `${name}=${value}`] ?? []) required.add(id);
  }
  if (command === 'plot' && !PICTURE_WITHOUT_CANVAS.test(output ?? '')) {
    required.add('render.canvas').add('render.fonts');
  }
  const inputs = words
    .flatMap((word) => pathsIn(command === 'query' ? word.replace(TABLE_NAME, '') : word))
    .map((path): Place => ({ path: resolve(path), purpose: 'input' }));
  const outputs: Place[] =
    output === undefined || output === '-' ? [] : [{ path: resolve(output), purpose: 'output' }];
  return { required, places: [...inputs, ...outputs] };
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
