/** What the flags of `ingest` wish for, in the engine's words. */
import type * as Interfaces from '@oclif/core/interfaces';
import type { IngestOptions } from '../../engine/ingest/options.ts';
import type { TransformWishes } from '../../engine/ingest/transform.ts';
import { NairobiError } from '../../errors.ts';
import { parseAfter } from '../../ingest/commit/after.ts';
import { parseBudget } from '../../ingest/decode/rejects.ts';
import { parseAddress } from '../../ingest/sources/listen.ts';
import type { TextFormat } from '../../ingest/sources/text-plan.ts';
import { targetOptions } from '../../ingest/targets/open-target.ts';
import { type ingestFlags, TEXT_FORMATS } from './flags.ts';

export type IngestFlags = Interfaces.InferredFlags<typeof ingestFlags>;

export function optionsOf(
  sources: readonly string[],
  output: string,
  flags: IngestFlags,
): Omit<IngestOptions, 'read' | 'host' | 'schema'> {
  return {
    sources,
    target: targetOptions({
      output,
      format: undefined,
      codec: flags.compression,
      partitionBy: flags['partition-by'],
      state: flags.state,
      partBytes: flags['part-size'],
    }),
    format: textFormat(flags['input-format']),
    minAgeMs: flags['min-age'] ?? 0,
    after: parseAfter(flags.after),
    transform: transformOf(flags),
    // Without a state that one asked for, nobody waits for the rest of a record.
    final: flags.final || flags.state === undefined,
    // A listener is not to be ended by what somebody sends.
    onError: flags['on-error'] ?? (sources.some(isAddress) ? 'skip' : 'fail'),
    rejects: flags.rejects,
    maxErrors: flags['max-errors'] === undefined ? undefined : parseBudget(flags['max-errors']),
    lock: flags.lock,
    lockWaitMs: flags['lock-wait'] ?? 0,
  };
}

export const transformOf = (flags: IngestFlags): TransformWishes => ({
  select: flags.select,
  where: flags.where,
  sql: flags.sql,
  rename: pairs(flags.rename ?? []),
  dedupe: list(flags.dedupe),
  downsample: flags.downsample,
  agg: list(flags.agg),
  by: list(flags.by),
  sort: list(flags.sort),
});

const list = (text: string | undefined): string[] =>
  text === undefined ? [] : text.split(',').map((item) => item.trim());

function pairs(texts: readonly string[]): Record<string, string> {
  const renames: Record<string, string> = {};
  for (const item of texts.flatMap((text) => text.split(','))) {
    const [from, to] = item.split('=', 2);
    if (from === undefined || to === undefined || to === '') {
      throw new NairobiError('USAGE', `Cannot read --rename "${item}"`, { hint: 'write old=new' });
    }
    renames[from.trim()] = to.trim();
  }
  return renames;
}

function textFormat(format: string | undefined): TextFormat | undefined {
  return TEXT_FORMATS.find((name) => name === format);
}

export const isAddress = (source: string): boolean => parseAddress(source) !== undefined;
