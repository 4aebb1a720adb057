/** nairobi stats: know a file in one pass. */
import { readFileSync } from 'node:fs';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { DEFAULT_QUANTILES } from '../compute/stats/deep.ts';
import { parseBound } from '../compute/stats/drift.ts';
import { parseRules } from '../compute/stats/rules.ts';
import { Session } from '../engine/session.ts';
import { parseSource } from '../engine/sources.ts';
import { type StatsOptions, stats } from '../engine/stats.ts';
import { answer, type Question } from '../engine/stats-answers.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { BaseCommand } from './base.ts';
import { readFlags, readOptions } from './read-flags.ts';
import { printed, textOf } from './stats-text.ts';

const QUESTION = 'QUESTIONS';
const QUESTIONS = ['by', 'corr', 'hist', 'freq', 'schema', 'compare', 'expect'];
const others = (name: string): string[] => QUESTIONS.filter((one) => one !== name);

export default class Stats extends BaseCommand {
  static override summary =
    'Say what is in a file, one row of figures for each column, in one pass';

  static override examples = [
    { description: 'Every column', command: 'nairobi stats weather.csv' },
    {
      description: 'Every figure there is',
      command: 'nairobi stats weather.csv --all --transpose',
    },
    {
      description: 'One value for the shell',
      command: 'nairobi stats weather.csv temp_max --get mean',
    },
    { description: 'By groups', command: 'nairobi stats weather.csv temp_max --by weather' },
    {
      description: 'Fail when the data has drifted from a baseline',
      command: 'nairobi stats weather.csv --compare baseline.csv --fail-if "psi>0.25"',
    },
  ];

  static override args = {
    source: Args.string({
      ignoreStdin: true,
      description: 'A path, a glob, a directory, or - for stdin',
      required: true,
    }),
    columns: Args.string({
      ignoreStdin: true,
      description: 'Columns, separated by commas (default: all)',
    }),
  };

  static override flags = {
    ...readFlags,
    all: Flags.boolean({
      char: 'a',
      summary: 'Also median, quartiles, outliers, most frequent values, entropy, patterns',
    }),
    quantiles: Flags.string({
      summary: 'The quantiles of --all, as numbers from 0 to 1',
      helpValue: 'LIST',
    }),
    approx: Flags.boolean({
      summary: 'With --all and --compare: estimate quantiles instead of keeping every value',
    }),
    csv: Flags.boolean({ summary: 'Print CSV', exclusive: ['markdown', 'get'] }),
    markdown: Flags.boolean({ summary: 'Print a Markdown table', exclusive: ['csv', 'get'] }),
    transpose: Flags.boolean({ summary: 'A row for each figure, a column for each column' }),
    figures: Flags.string({
      summary: 'Only these figures, separated by commas',
      helpValue: 'LIST',
    }),
    get: Flags.string({
      summary: 'Print this one figure and nothing else',
      helpValue: 'FIGURE',
      exclusive: QUESTIONS,
    }),
    by: Flags.string({
      summary: 'Figures of the number columns for each value of this column',
      helpValue: 'COLUMN',
      helpGroup: QUESTION,
      exclusive: others('by'),
    }),
    corr: Flags.boolean({
      summary: 'Correlation of every pair of number columns, Pearson’s and Spearman’s',
      helpGroup: QUESTION,
      exclusive: others('corr'),
    }),
    hist: Flags.string({
      summary: 'The histogram of this column',
      helpValue: 'COLUMN',
      helpGroup: QUESTION,
      exclusive: others('hist'),
    }),
    bins: Flags.integer({
      summary: 'About how many bins --hist has',
      helpGroup: QUESTION,
      helpValue: 'N',
      default: 20,
      min: 1,
      max: 10_000,
    }),
    freq: Flags.string({
      summary: 'The values of this column with their counts',
      helpValue: 'COLUMN',
      helpGroup: QUESTION,
      exclusive: others('freq'),
    }),
    top: Flags.integer({
      summary: 'How many values --freq prints',
      helpGroup: QUESTION,
      helpValue: 'N',
      default: 20,
      min: 1,
    }),
    schema: Flags.boolean({
      summary: 'The columns as a JSON Schema',
      helpGroup: QUESTION,
      exclusive: others('schema'),
    }),
    compare: Flags.string({
      summary: 'How the data differs from this baseline: types, nulls, means, PSI, KS',
      helpValue: 'SOURCE',
      helpGroup: QUESTION,
      exclusive: others('compare'),
    }),
    'fail-if': Flags.string({
      summary: 'End with 1 past this: psi>X, ks>X, mean_shift>X, null_shift>X, or types',
      helpValue: 'BOUND',
      helpGroup: QUESTION,
      multiple: true,
      dependsOn: ['compare'],
    }),
    expect: Flags.string({
      summary: 'Check the rules in this JSON file; end with 1 when one is broken',
      helpValue: 'FILE',
      helpGroup: QUESTION,
      exclusive: others('expect'),
    }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Stats);
    const host = { host: this.hostOptions(flags), read: readOptions(flags) };
    using session = new Session(host, this.reporter);
    const relation = session.open(parseSource(args.source));
    const { threads, memoryLimit } = session.plan;
    const columns = args.columns?.split(',');
    const quantiles = flags.all || flags.quantiles ? parseQuantiles(flags.quantiles) : undefined;
    const options: StatsOptions = {
      columns,
      quantiles,
      threads,
      memoryLimit,
      approx: flags.approx,
    };
    const question = questionOf(flags, (source) => session.open(parseSource(source)));
    if (question === undefined) {
      const result = await session.attempt(() => stats(relation, options, this.reporter));
      if (!this.jsonEnabled()) process.stdout.write(textOf(result.columns, flags));
      return result;
    }
    const work = () => this.reporter.time('compute', () => answer(question, relation, options));
    const { data, grid, failures } = await session.attempt(work);
    if (!this.jsonEnabled()) {
      const text = grid === undefined ? `${JSON.stringify(data, null, 2)}\n` : printed(grid, flags);
      process.stdout.write(text);
    }
    for (const failure of failures) this.note(failure);
    if (failures.length > 0) this.endWith(1);
    return data;
  }
}

interface Asked {
  readonly by?: string | undefined;
  readonly corr: boolean;
  readonly hist?: string | undefined;
  readonly bins: number;
  readonly freq?: string | undefined;
  readonly top: number;
  readonly schema: boolean;
  readonly compare?: string | undefined;
  readonly 'fail-if'?: readonly string[] | undefined;
  readonly expect?: string | undefined;
}

type Open = (source: string) => Extract<Question, { is: 'compare' }>['other'];

/** Undefined: the figures of the columns. */
function questionOf(flags: Asked, open: Open): Question | undefined {
  if (flags.by !== undefined) return { is: 'by', key: flags.by };
  if (flags.corr) return { is: 'corr' };
  if (flags.hist !== undefined) return { is: 'hist', column: flags.hist, bins: flags.bins };
  if (flags.freq !== undefined) return { is: 'freq', column: flags.freq, top: flags.top };
  if (flags.schema) return { is: 'schema' };
  if (flags.compare !== undefined) {
    const bounds = (flags['fail-if'] ?? []).map((text) => boundOf(text));
    return { is: 'compare', other: open(flags.compare), bounds };
  }
  if (flags.expect === undefined) return undefined;
  return { is: 'expect', rules: parseRules(textOfFile(flags.expect), flags.expect) };
}

function boundOf(text: string) {
  const bound = parseBound(text);
  if (bound !== undefined) return bound;
  throw new NairobiError('USAGE', `Cannot read --fail-if "${text}"`, {
    hint: 'write psi>0.25, ks>0.1, mean_shift>1, null_shift>0.05 or types',
  });
}

function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new NairobiError('NOT_FOUND', `Cannot read the rules: ${messageOf(cause)}`, { cause });
  }
}

function parseQuantiles(list: string | undefined): readonly number[] {
  if (list === undefined) return DEFAULT_QUANTILES;
  return list.split(',').map((text) => {
    const p = text.trim() === '' ? Number.NaN : Number(text);
    if (p >= 0 && p <= 1) return p;
    throw new NairobiError('USAGE', `Cannot read "${text}" as a quantile`, {
      hint: 'write numbers from 0 to 1, such as 0.5,0.999',
    });
  });
}
