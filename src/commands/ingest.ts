/** nairobi ingest SRC... -o TARGET */
import path from 'node:path';
import * as Args from '@oclif/core/args';
import type { HandedOver } from '../engine/ingest/hand-over.ts';
import { ingest, maintainDataset } from '../engine/ingest/ingest.ts';
import type { IngestOptions, IngestResult } from '../engine/ingest/options.ts';
import { readFileList } from '../engine/inputs/file-list.ts';
import type { HostOptions } from '../engine/options.ts';
import { NairobiError } from '../errors.ts';
import { EVERY_TABLE } from '../formats/schema-file.ts';
import { PART_BYTES } from '../ingest/targets/dataset.ts';
import type { Maintained } from '../ingest/targets/maintain.ts';
import { formatBytes, formatCount, formatCountOf, type Milliseconds } from '../units.ts';
import { BaseCommand } from './base.ts';
import { Figures } from './ingest/figures.ts';
import { ingestFlags } from './ingest/flags.ts';
import { type IngestFlags, isAddress, optionsOf, transformOf } from './ingest/wishes.ts';
import { parseSchemas, readOptions } from './read-flags.ts';

export default class Ingest extends BaseCommand {
  static override summary =
    'Turn files into a dataset or a file, exactly once, also over power cuts';

  static override strict = false;

  static override args = {
    source: Args.string({
      ignoreStdin: true,
      description: 'A file, glob or directory; several may be given, or --files-from',
    }),
  };

  static override examples = [
    {
      description: 'One CSV to one Parquet file',
      command: '<%= config.bin %> ingest trips.csv -o trips.parquet',
    },
    {
      description: 'From cron: what the log gained since the last run, into a dataset by day',
      command:
        '<%= config.bin %> ingest sensors.csv -o data/ --partition-by "day(ts)" --state sensors.state',
    },
    {
      description: 'Keep bad rows apart, and give up beyond one in a hundred',
      command:
        '<%= config.bin %> ingest dirty.csv -o clean/ --on-error quarantine --rejects bad.ndjson --max-errors 1%',
    },
  ];

  static override flags = ingestFlags;

  #isJsonLog = false;

  async run(): Promise<IngestResult | Maintained | HandedOver> {
    const command = this.#takeCommand();
    const { argv, flags } = await this.parse(Ingest);
    const host = this.hostOptions(flags);
    this.#isJsonLog = flags['log-format'] === 'json';
    const listed = flags['files-from'];
    const sources = [...argv.map(String), ...(listed === undefined ? [] : readFileList(listed))];
    if (sources.length === 0) {
      throw new NairobiError('USAGE', 'There is nothing to read', {
        hint: 'name files, - for stdin, an address, or --files-from',
      });
    }
    if (flags.exec !== undefined) return this.#handOver(sources, command, flags, host);
    const maintenance = {
      compact: flags.compact,
      keepMs: flags.keep,
      codec: flags.compression,
      partBytes: flags['part-size'] ?? PART_BYTES,
      lockWaitMs: flags['lock-wait'] ?? 0,
    };
    const isWished = flags.compact || flags.keep !== undefined;
    if (flags.output === undefined) {
      const [root] = sources;
      if (!isWished || root === undefined) {
        throw new NairobiError('USAGE', 'Where to write to is missing', {
          hint: 'name a file or a directory: -o out.parquet, -o data/',
        });
      }
      return this.maintained(maintainDataset({ ...maintenance, root }));
    }
    const figures = new Figures(
      flags.metrics,
      flags.output,
      () => this.reporter.finish().bytesRead,
    );
    let result: IngestResult;
    try {
      result = await this.ingested(sources, flags.output, flags, host, figures);
      if (isWished) this.maintained(maintainDataset({ ...maintenance, root: flags.output }));
    } catch (error) {
      const code = error instanceof NairobiError ? error.exitCode : 1;
      // What ended the run is said, not that this could not be written either.
      figures.tryWrite(undefined, code, (text) => this.note(text));
      throw error;
    }
    const code = exitOf(result);
    if (code !== 0) this.endWith(code);
    figures.write(result, code);
    return result;
  }

  /** What stands behind --exec belongs to the command, whatever it looks like. */
  #takeCommand(): readonly string[] {
    const at = this.argv.indexOf('--exec');
    if (at === -1) return [];
    const command = this.argv.slice(at + 1);
    this.argv = this.argv.slice(0, at + 2);
    return command;
  }

  async #handOver(
    sources: readonly string[],
    command: readonly string[],
    flags: IngestFlags,
    host: HostOptions,
  ): Promise<HandedOver> {
    const [path = ''] = sources;
    const { handOver } = await import('../engine/ingest/hand-over.ts');
    const onError = flags['on-error'] === 'quarantine' ? undefined : flags['on-error'];
    const done = await handOver(
      {
        source: sources.length === 1 ? { path } : { path, files: sources },
        read: readOptions({ ...flags, 'on-error': onError }),
        transform: transformOf(flags),
        host,
        command: command.length === 0 ? [flags.exec ?? ''] : command,
      },
      this.reporter,
    );
    if (done.exit !== 0) this.endWith(done.exit);
    return done;
  }

  private async ingested(
    sources: readonly string[],
    output: string,
    flags: IngestFlags,
    host: HostOptions,
    figures: Figures,
  ): Promise<IngestResult> {
    const isEndless = flags.follow || sources.some(isAddress);
    const options: IngestOptions = {
      ...optionsOf(sources, output, flags),
      read: readOptions({ ...flags, 'input-format': undefined, 'on-error': undefined }),
      host,
      schema: parseSchemas(flags.schema)?.get(EVERY_TABLE),
    };
    const result = isEndless
      ? await this.followOn(options, flags.flush, figures)
      : await ingest(options, this.reporter);
    for (const note of result.notes) this.note(note);
    this.note(summaryOf(result));
    return result;
  }

  private maintained(done: Maintained): Maintained {
    const { merged, into, dropped } = done;
    this.note(`merged ${merged} parts into ${into}, dropped ${dropped}`);
    return done;
  }

  protected override noteLine(text: string): string {
    if (!this.#isJsonLog) return super.noteLine(text);
    return `${JSON.stringify({ time: new Date().toISOString(), note: text })}\n`;
  }

  /** Until SIGTERM or SIGINT, which end it well: what has come is committed. */
  private async followOn(
    options: IngestOptions,
    flush: Milliseconds | undefined,
    figures: Figures,
  ): Promise<IngestResult> {
    if (options.after.kind !== 'keep') {
      throw new NairobiError('USAGE', '--after moves or deletes files at the end of a run', {
        hint: 'leave out --follow or --after: a followed file goes on growing',
      });
    }
    const stop = new AbortController();
    const end = (): void => stop.abort();
    process.once('SIGTERM', end).once('SIGINT', end);
    const { ingestOnAndOn } = await import('../engine/ingest/follow.ts');
    const follow = {
      flushMs: flush ?? 5000,
      stop: stop.signal,
      onReady: (addresses: readonly string[]) => {
        for (const address of addresses) this.note(`listening on ${address}`);
      },
      onCommit: (result: IngestResult) =>
        figures.tryWrite(result, exitOf(result), (text) => this.note(text)),
    };
    return await ingestOnAndOn(options, follow, this.reporter);
  }
}

/** 5: done in part, as --on-error allowed. */
const exitOf = ({ rows, nulledValues }: IngestResult): number =>
  rows.rowsRejected > 0 || nulledValues > 0 ? 5 : 0;

/** A path as a person at this directory would name it; other targets as they are. */
const shown = (target: string): string =>
  path.isAbsolute(target) ? path.relative('', target) : target;

function summaryOf(result: IngestResult): string {
  const { rows, files, bytes, sources } = result;
  const rejected = rows.rowsRejected > 0 ? `, ${formatCount(rows.rowsRejected)} rejected` : '';
  if (files.length === 0)
    return `nothing new in ${formatCountOf(sources.length, 'file')}${rejected}`;
  const [only] = files;
  const where = files.length === 1 && only !== undefined ? shown(only) : undefined;
  const target = where ?? `${formatCountOf(files.length, 'part')} of ${shown(result.target)}`;
  const written = formatCountOf(rows.rowsWritten, 'row');
  return `${written} into ${target} (${formatBytes(bytes)})${rejected}`;
}
