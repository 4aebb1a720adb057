/** nairobi stats: know a file in one pass. */
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { DEFAULT_QUANTILES } from '../compute/stats/deep.ts';
import { Session } from '../engine/session.ts';
import { parseSource } from '../engine/sources.ts';
import { type StatsResult, stats } from '../engine/stats.ts';
import { NairobiError } from '../errors.ts';
import { BaseCommand } from './base.ts';
import { readFlags, readOptions } from './read-flags.ts';
import {
  allFigures,
  compactFigures,
  gridOf,
  plainText,
  toCsv,
  toMarkdown,
  toTable,
  transpose,
} from './stats-text.ts';

export default class Stats extends BaseCommand {
  static override summary =
    'Say what is in a file, one row of figures for each column, in one pass';

  static override examples = [
    { description: 'Every column', command: 'nairobi stats weather.csv' },
    {
      description: 'Every figure, one column of the table for each of the file',
      command: 'nairobi stats weather.csv --transpose',
    },
    {
      description: 'One value for the shell',
      command: 'nairobi stats weather.csv temp_max --get mean',
    },
    { description: 'For a report', command: 'nairobi stats weather.csv --markdown' },
  ];

  static override args = {
    source: Args.string({
      description: 'A path, a glob, a directory, or - for stdin',
      required: true,
    }),
    columns: Args.string({ description: 'Columns, separated by commas (default: all)' }),
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
    csv: Flags.boolean({ summary: 'Print CSV', exclusive: ['markdown', 'get'] }),
    markdown: Flags.boolean({ summary: 'Print a Markdown table', exclusive: ['csv', 'get'] }),
    transpose: Flags.boolean({ summary: 'A row for each figure, a column for each column' }),
    figures: Flags.string({
      summary: 'Only these figures, separated by commas',
      helpValue: 'LIST',
    }),
    get: Flags.string({ summary: 'Print this one figure and nothing else', helpValue: 'FIGURE' }),
  };

  async run(): Promise<StatsResult> {
    const { args, flags } = await this.parse(Stats);
    const options = { host: this.hostOptions(flags), read: readOptions(flags) };
    using session = new Session(options, this.reporter);
    const relation = session.open(parseSource(args.source));
    const columns = args.columns?.split(',');
    const quantiles = flags.all || flags.quantiles ? parseQuantiles(flags.quantiles) : undefined;
    const { threads, memoryLimit } = session.plan;
    const result = await session.attempt(() =>
      stats(relation, { columns, quantiles, threads, memoryLimit }, this.reporter),
    );
    if (!this.jsonEnabled()) process.stdout.write(textOf(result, flags));
    return result;
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

interface Shape {
  readonly csv: boolean;
  readonly markdown: boolean;
  readonly transpose: boolean;
  readonly figures?: string | undefined;
  readonly get?: string | undefined;
}

function textOf({ columns }: StatsResult, shape: Shape): string {
  const known = allFigures(columns);
  const wanted = (shape.get ?? shape.figures)?.split(',');
  for (const name of wanted ?? []) {
    if (known.includes(name)) continue;
    throw new NairobiError('USAGE', `There is no figure "${name}" for these columns`, {
      hint: `one of ${known.join(', ')}`,
    });
  }
  if (shape.get !== undefined) {
    return gridOf(columns, wanted ?? [])
      .slice(1)
      .map((row) => `${row.slice(1).map(plainText).join(',')}\n`)
      .join('');
  }
  const plain = shape.csv || shape.markdown;
  const figures = wanted ?? (plain || shape.transpose ? known : compactFigures(columns));
  const grid = gridOf(columns, figures);
  const turned = shape.transpose ? transpose(grid) : grid;
  return shape.csv ? toCsv(turned) : shape.markdown ? toMarkdown(turned) : toTable(turned);
}
