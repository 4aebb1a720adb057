/** nairobi plot: a chart of a file of any size. */
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { sourceFromList } from '../engine/inputs/file-list.ts';
import { parseSource, type SourceArgument } from '../engine/inputs/sources.ts';
import { plot } from '../engine/plot/plot.ts';
import { showFile } from '../engine/plot/show.ts';
import { NairobiError } from '../errors.ts';
import { writeWhole } from '../formats/write.ts';
import { CHART_FORMATS, type ChartFormat, formatOfName } from '../render/output/encode.ts';
import { scaleOf } from '../render/parse.ts';
import { planTerminal, textDefaults } from '../render/term/plan.ts';
import { BaseCommand } from './base.ts';
import { plotFlags } from './plot-flags.ts';
import {
  filesFlags,
  filesOptions,
  parseSchemas,
  readFlags,
  readOptions,
  rowFlags,
  schemaFlag,
  viaFlags,
} from './read-flags.ts';

export interface PlotResult {
  readonly output: string;
  readonly format: ChartFormat;
  readonly mark: string;
  readonly rows: number;
  readonly bytes: number;
  readonly notes: readonly string[];
}

export default class Plot extends BaseCommand {
  static override summary = 'Draw a chart of a file of any size, without a screen';

  static override description =
    'Big data is reduced before it is drawn, and a line on stderr says how: lines keep the extremes of every sixth of a pixel, points become counts per pixel, bars and histograms are aggregated.';

  static override args = {
    source: Args.string({
      ignoreStdin: true,
      description: 'A file, glob, directory, or - for stdin; a --spec may do without',
      required: false,
    }),
  };

  static override examples = [
    {
      description: 'A line over time, one colour for each device',
      command: '<%= config.bin %> plot sensors.parquet -x ts -y temp --color device -o out.png',
    },
    {
      description: 'Hourly means with the spread around them',
      command:
        '<%= config.bin %> plot sensors.parquet -x ts -y temp --agg mean --every 1h --band stdev -o out.svg',
    },
    {
      description: 'A specification of your own over the rows of a file',
      command: '<%= config.bin %> plot trips.csv --spec chart.vl.json -o out.svg',
    },
    {
      description: 'The distribution of one column',
      command: '<%= config.bin %> plot trips.csv -x distance --mark histogram -o out.png',
    },
  ];

  static override flags = {
    output: Flags.string({
      char: 'o',
      summary:
        'The file to write: .png, .svg, .pdf, .jpg, .html, .vl.json or .txt; - for stdout (default: the terminal, or PNG into a pipe)',
      helpValue: 'FILE',
      helpGroup: 'OUTPUT',
    }),
    format: Flags.option({ options: CHART_FORMATS })({
      char: 'f',
      summary: 'The format, instead of what the ending of --output says',
      helpValue: 'FORMAT',
      helpGroup: 'OUTPUT',
    }),
    open: Flags.boolean({
      summary: 'Show the file in the viewer of the desktop',
      dependsOn: ['output'],
      helpGroup: 'OUTPUT',
    }),
    spec: Flags.string({
      summary: 'Draw this Vega-Lite or Vega specification; the rows are its data "data"',
      helpValue: 'FILE',
      helpGroup: 'SPECIFICATION',
    }),
    'allow-file': Flags.directory({
      summary: 'Let the specification read files below this directory',
      helpValue: 'DIR',
      helpGroup: 'SPECIFICATION',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'allow-url': Flags.string({
      summary: 'Let the specification fetch addresses that begin like this',
      helpValue: 'ADDRESS',
      helpGroup: 'SPECIFICATION',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...plotFlags,
    ...rowFlags,
    ...filesFlags,
    ...schemaFlag,
    ...readFlags,
    ...viaFlags,
  };

  async run(): Promise<PlotResult> {
    const { args, flags } = await this.parse(Plot);
    const schemas = parseSchemas(flags.schema);
    const output = flags.output ?? '-';
    const onTerminal = flags.output === undefined && process.stdout.isTTY && !this.jsonEnabled();
    const terminal = onTerminal
      ? await planTerminal(process.env, process.stdin, process.stdout)
      : undefined;
    const named = flags.format ?? terminal?.format;
    const format = named ?? (output === '-' ? 'png' : formatOfName(output));
    const own = terminal?.format === format ? terminal.request : textDefaults(format);
    const result = await plot(
      {
        source: plotSource(args.source, flags['files-from']),
        ...(schemas === undefined ? {} : { schemas }),
        spec: flags.spec,
        where: flags.where,
        sql: flags.sql,
        allowed: { directories: flags['allow-file'] ?? [], addresses: flags['allow-url'] ?? [] },
        format,
        read: readOptions(flags),
        files: filesOptions(flags),
        host: this.hostOptions(flags),
        request: {
          ...flags,
          xScale: flags['x-scale'],
          yScale: flags['y-scale'],
          xRange: flags['x-range'],
          yRange: flags['y-range'],
          xLines: flags['x-line'] ?? [],
          yLines: flags['y-line'] ?? [],
          zone: flags.tz,
          pointSize: flags['point-size'],
          reduce: flags.marks ? 'marks' : flags.density ? 'density' : 'auto',
          scale: scaleOf(flags.scale, flags.ppi),
          ...own,
        },
      },
      this.reporter,
    );
    this.reporter.progress[Symbol.dispose]();
    for (const note of result.notes) this.note(note);
    this.reporter.time('write', () => this.#deliver(output, result.bytes));
    if (flags.open && output !== '-') await showFile(output);
    const { bytes, ...said } = result;
    return { output, format, ...said, bytes: bytes.length };
  }

  #deliver(output: string, bytes: Buffer): void {
    if (output !== '-') writeWhole(output, bytes);
    else if (!this.jsonEnabled()) process.stdout.write(bytes);
  }
}

function plotSource(
  named: string | undefined,
  list: string | undefined,
): SourceArgument | undefined {
  if (list === undefined) return named === undefined ? undefined : parseSource(named);
  if (named === undefined) return sourceFromList(list);
  throw new NairobiError('USAGE', `"${named}" and --files-from both name what to draw`);
}
