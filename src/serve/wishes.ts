/** What the parameters of each method ask for. */
import { COMMAND_ENVIRONMENT } from '../client/protocol.ts';
import { NairobiError } from '../errors.ts';
import { FORMAT_NAMES } from '../formats/detect.ts';
import { ENCODINGS, ON_ERROR, parseTypeName, type ReadOptions } from '../formats/options.ts';
import { CHART_FORMATS } from '../render/output/encode.ts';
import { parseRange, parseReference, parseZone } from '../render/parse.ts';
import {
  AGGREGATES,
  BANDS,
  DEFAULT_REQUEST,
  GL_CHOICES,
  MARKS,
  type PlotRequest,
  SCALES,
  SHADES,
} from '../render/request.ts';
import type { Params } from './params.ts';
import { parametersOf } from './query-values.ts';
import {
  type ColumnWish,
  type CommandWish,
  DATA_FORMATS,
  type PlotWish,
  type QueryWish,
  type SourceWish,
  type StatsWish,
  type Steps,
} from './tasks.ts';

/** `fields` without those that are undefined: the difference matters to exact optional types. */
function said<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

export function sourceWish(params: Params): SourceWish {
  const path = params.text('path');
  const cwd = directoryOf(params);
  if (cwd === undefined && !path.startsWith('/')) {
    throw new NairobiError('USAGE', `The path "${path}" is relative, and to what is not said`, {
      hint: 'send an absolute path, or the directory it starts from as "cwd"',
    });
  }
  return {
    path,
    cwd: cwd ?? '/',
    read: readWish(params),
    ...said({
      unionByName: params.flag('unionByName'),
      filenameColumn: params.optionalText('filenameColumn'),
    }),
  };
}

/** How a source is to be understood. */
export function readWish(params: Params): ReadOptions {
  const read = params.nested('read');
  return read === undefined ? {} : readOptions(read);
}

/** The directory relative paths of a request begin at. */
export function directoryOf(params: Params): string | undefined {
  const cwd = params.optionalText('cwd');
  if (cwd === undefined || cwd.startsWith('/')) return cwd;
  throw new NairobiError('USAGE', `"cwd" has to be an absolute path, and is "${cwd}"`);
}

function readOptions(params: Params): ReadOptions {
  const types = params.textMap('types');
  const rows = params.optionalTextOrCount('inferRows');
  const options = said({
    format: params.oneOf('format', FORMAT_NAMES),
    delimiter: params.optionalText('delimiter'),
    quote: params.optionalText('quote'),
    header: params.flag('header'),
    comment: params.optionalText('comment'),
    decimalComma: params.flag('decimalComma'),
    nulls: params.texts('nulls'),
    types:
      types === undefined
        ? undefined
        : Object.fromEntries(Object.entries(types).map(([k, type]) => [k, parseTypeName(type)])),
    inferRows: rows === 'all' ? ('all' as const) : typeof rows === 'number' ? rows : undefined,
    allText: params.flag('allText'),
    onError: params.oneOf('onError', ON_ERROR),
    dateFormats: params.texts('dateFormats'),
    encoding: params.oneOf('encoding', ENCODINGS),
    table: params.optionalText('table'),
  });
  params.end();
  return options;
}

/** `dataset`: the one the request is about when it names no other. */
export function queryWish(params: Params, dataset: string | undefined): QueryWish {
  const tables = params.textMap('tables') ?? {};
  const wish = {
    sql: params.text('sql'),
    tables: dataset === undefined ? tables : { data: dataset, ...tables },
    parameters: parametersOf(params) ?? {},
    timeZone: parseZone(params.optionalText('tz') ?? 'UTC'),
    as: params.oneOf('as', DATA_FORMATS) ?? 'json',
  };
  return wish;
}

const rowsOf = (params: Params) =>
  said({
    where: params.optionalText('where'),
    sql: params.optionalText('sql'),
    parameters: parametersOf(params),
  });

export function statsWish(params: Params, dataset: string): StatsWish {
  const question = params.nested('question');
  const wish = {
    dataset,
    ...rowsOf(params),
    ...said({
      columns: params.texts('columns'),
      quantiles: params.numbers('quantiles'),
      approx: params.flag('approx'),
    }),
    ...(question === undefined ? {} : { question: questionOf(question) }),
  };
  for (const p of wish.quantiles ?? []) {
    if (!(p >= 0 && p <= 1)) throw new NairobiError('USAGE', `${p} is no quantile: 0 to 1 are`);
  }
  return wish as StatsWish;
}

const QUESTIONS = ['by', 'corr', 'hist', 'freq', 'schema'] as const;

function questionOf(params: Params): NonNullable<StatsWish['question']> {
  const is = params.oneOf('is', QUESTIONS);
  const question = ((): NonNullable<StatsWish['question']> => {
    switch (is) {
      case 'by':
        return { is, key: params.text('key') };
      case 'hist':
        return { is, column: params.text('column'), bins: params.count('bins') ?? 20 };
      case 'freq':
        return { is, column: params.text('column'), top: params.count('top') ?? 20 };
      case 'corr':
      case 'schema':
        return { is };
      case undefined:
        throw new NairobiError('USAGE', `A question is one of ${QUESTIONS.join(', ')}`);
    }
  })();
  params.end();
  return question;
}

export function columnWish(params: Params, dataset: string): ColumnWish {
  const wish = {
    dataset,
    column: params.text('column'),
    figures: params.texts('figures') ?? [params.text('figure')],
  };
  return wish;
}

export function plotWish(params: Params, dataset: string): PlotWish {
  const format = params.oneOf('format', CHART_FORMATS) ?? 'png';
  const wish = { dataset, format, request: plotRequest(params), ...rowsOf(params) };
  return wish;
}

type Read = (params: Params, name: string) => unknown;

const text: Read = (params, name) => params.optionalText(name);
const number: Read = (params, name) => params.number(name);
const references: Read = (params, name) => params.textOrTexts(name)?.map(parseReference);
const range: Read = (params, name) => parsed(params.optionalText(name), parseRange);
const one =
  (choices: readonly string[]): Read =>
  (params, name) =>
    params.oneOf(name, choices);
const parsed = <T>(said: string | undefined, parse: (said: string) => T): T | undefined =>
  said === undefined ? undefined : parse(said);

/** What each parameter of a chart is in a request, and how it is read. */
const PLOT_FIELDS: Readonly<Record<string, readonly [keyof PlotRequest, Read]>> = {
  mark: ['mark', one(MARKS)],
  x: ['x', text],
  y: ['y', (params) => params.textOrTexts('y')],
  color: ['color', text],
  facet: ['facet', text],
  agg: ['agg', one(AGGREGATES)],
  every: ['every', text],
  band: ['band', one(BANDS)],
  bins: ['bins', (params) => params.count('bins')],
  panels: ['panels', (params) => params.flag('panels')],
  xScale: ['xScale', one(SCALES)],
  yScale: ['yScale', one(SCALES)],
  xRange: ['xRange', range],
  yRange: ['yRange', range],
  xLine: ['xLines', references],
  yLine: ['yLines', references],
  tz: ['zone', (params) => parsed(params.optionalText('tz'), parseZone)],
  title: ['title', text],
  theme: ['theme', text],
  palette: ['palette', text],
  shade: ['shade', one(SHADES)],
  reduce: ['reduce', one(['auto', 'marks', 'density'])],
  gl: ['gl', one(GL_CHOICES)],
  width: ['width', number],
  height: ['height', number],
  scale: ['scale', number],
  seed: ['seed', number],
};

/** Only what is said: it goes to a worker, which knows the rest. */
function plotRequest(params: Params): Partial<PlotRequest> {
  const entries = params.present(PLOT_FIELDS).flatMap(([name, [field, read]]) => {
    const value = read(params, name);
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(entries);
}

/** With the rest as it is where nothing is said. */
export const wholeRequest = (said: Partial<PlotRequest>): PlotRequest => ({
  ...DEFAULT_REQUEST,
  ...said,
});

const COMMANDS = ['query', 'stats', 'plot'] as const;

/** USAGE for a variable that is not the client's to set. */
function environmentOf(params: Params): Readonly<Record<string, string>> {
  const env = params.nested('env');
  if (env === undefined) return {};
  const set = COMMAND_ENVIRONMENT.flatMap((name) => {
    const value = env.optionalText(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  env.end();
  return Object.fromEntries(set);
}

/** A command line, in the place and for the terminal of the client. */
export function commandWish(params: Params): CommandWish {
  const command = params.oneOf('command', COMMANDS);
  if (command === undefined) throw new NairobiError('USAGE', 'Command: command is missing');
  const terminal = params.nested('terminal');
  return {
    command,
    argv: params.texts('argv') ?? [],
    env: environmentOf(params),
    ...said({ place: params.optionalText('place') }),
    terminal: said({ columns: terminal?.count('columns'), rows: terminal?.count('rows') }),
  };
}

/** What a method is to do over `dataset`, or over the tables its query names. */
export function stepsOf(method: string, params: Params, dataset: string | undefined): Steps {
  const needed = (): string => {
    if (dataset !== undefined) return dataset;
    throw new NairobiError('USAGE', `${method}: dataset is missing`, {
      hint: method === 'Run' ? 'or "open" with the path of a source' : 'Open answers with its id',
    });
  };
  switch (method) {
    case 'Query':
      return { query: queryWish(params, dataset) };
    case 'Stats':
      return { stats: statsWish(params, needed()) };
    case 'Column':
      return { column: columnWish(params, needed()) };
    case 'Plot':
      return { plot: plotWish(params, needed()) };
    default: {
      const [query, stats] = [params.nested('query'), params.nested('stats')];
      const [column, plot] = [params.nested('column'), params.nested('plot')];
      const steps = said({
        query: query && queryWish(query, dataset),
        stats: stats && statsWish(stats, needed()),
        column: column && columnWish(column, needed()),
        plot: plot && plotWish(plot, needed()),
      });
      for (const step of [query, stats, column, plot]) step?.end();
      return steps;
    }
  }
}
