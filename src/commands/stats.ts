/** nairobi stats: know a file in one pass. */
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { Relation } from '../compute/relation.ts';
import type { ColumnFacts } from '../compute/stats/survey.ts';
import type { SourceRelation } from '../engine/inputs/source-relation.ts';
import { parseSource } from '../engine/inputs/sources.ts';
import { openRows } from '../engine/rows.ts';
import { Session } from '../engine/session.ts';
import { type Answer, answer } from '../engine/stats/answers.ts';
import { cacheKey, readCache, writeCache } from '../engine/stats/cache.ts';
import { statsPage } from '../engine/stats/page.ts';
import { type StatsOptions, type StatsResult, stats } from '../engine/stats/stats.ts';
import { exactJson } from '../exact-json.ts';
import { writeWhole } from '../formats/write.ts';
import { RANGES } from '../ranges.ts';
import { BaseCommand } from './base.ts';
import {
  filesFlags,
  filesOptions,
  readFlags,
  readOptions,
  rowFlags,
  viaFlags,
} from './read-flags.ts';
import { columnsOf, quantilesOf, questionOf, statsSource } from './stats/question.ts';
import { groupsText, printed, type Shape, textOf } from './stats/text.ts';

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
      description: 'A path, a glob, a directory, or - for stdin; none with --files-from',
    }),
    columns: Args.string({
      ignoreStdin: true,
      description: 'Columns, separated by commas (default: all)',
    }),
  };

  static override flags = {
    ...rowFlags,
    ...filesFlags,
    ...readFlags,
    ...viaFlags,
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
      summary: 'Every figure for each value of this column',
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
      min: RANGES.bins.min,
      max: RANGES.bins.max,
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
      min: RANGES.top.min,
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
      multipleNonGreedy: true,
      dependsOn: ['compare'],
    }),
    html: Flags.string({
      summary: 'Also write the figures and distributions to this file, as one page',
      helpValue: 'FILE',
      exclusive: QUESTIONS,
    }),
    cache: Flags.boolean({
      summary: 'Keep the figures in FILE.nairobi-stats.json and use them while FILE is the same',
      exclusive: [...QUESTIONS, 'html'],
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
    const read = readOptions(flags);
    const { approx, where, sql } = flags;
    const quantiles = quantilesOf(flags);
    const { source, columns: names } = statsSource(args, flags['files-from']);
    const files = filesOptions(flags);
    const asked = { columns: names, approx, quantiles, read, where, sql, ...files };
    const key =
      flags.cache && source.files === undefined ? cacheKey(source.path, asked) : undefined;
    const kept = key === undefined ? undefined : readCache(key);
    if (kept !== undefined) {
      this.reporter.note(`the figures are those kept in ${source.path}.nairobi-stats.json`);
      return this.#show(kept, flags);
    }
    // Rules look at the rows again for examples; everything else goes through them once.
    const isSurvey = [flags.by, where, sql].every((one) => one === undefined) && !flags.corr;
    const once = flags.expect === undefined && (isSurvey ? ('early if plain' as const) : true);
    const options = { host: this.hostOptions(flags), read, once, ...files };
    using session = new Session(options, this.reporter);
    const open = (source: string): SourceRelation => session.open(parseSource(source));
    const rows = openRows(session, source, flags);
    const { threads, memoryLimit } = session.plan;
    const optionsFor = ({ columns }: Relation): StatsOptions => {
      return { columns: columnsOf(names, columns), quantiles, threads, memoryLimit, approx };
    };
    const question = questionOf(flags, open);
    if (question !== undefined) {
      const told = await session.attempt(async () => {
        const relation = await rows();
        return answer(question, relation, optionsFor(relation));
      });
      return this.#tell(told, flags);
    }
    let facts: ColumnFacts[] = [];
    const result = await session.attempt(async () => {
      const relation = await rows();
      facts = [];
      const keep = flags.html === undefined ? undefined : (one: ColumnFacts) => facts.push(one);
      return stats(relation, optionsFor(relation), this.reporter, keep);
    });
    if (key !== undefined) writeCache(key, cacheKey(source.path, asked), result);
    if (flags.html !== undefined) writeWhole(flags.html, Buffer.from(statsPage(result, facts)));
    return this.#show(result, flags);
  }

  #show(result: StatsResult, shape: Shape): StatsResult {
    this.reporter.progress[Symbol.dispose]();
    if (!this.jsonEnabled()) process.stdout.write(textOf(result.columns, shape));
    return result;
  }

  #tell({ data, grid, lead, keyed, groups, failures }: Answer, form: Shape): object {
    this.reporter.progress[Symbol.dispose]();
    if (!this.jsonEnabled()) {
      const text =
        groups !== undefined
          ? groupsText(groups.key, groups.rows, form)
          : grid !== undefined
            ? printed(grid, form, { lead, keyed })
            : `${exactJson(data, 2)}\n`;
      process.stdout.write(text);
    }
    for (const failure of failures) this.note(failure);
    if (failures.length > 0) this.endWith(1);
    return data;
  }
}
