/** Hands JSON to Polars so that it infers from the records that tell, wherever they stand. */
import { type DataFrame, polars } from '../../compute/polars.ts';
import type { JsonCensus } from './census.ts';
import type { JsonColumn } from './schema.ts';

/** Telling records within the first so many: Polars infers from the beginning, in place. */
const INFERRED_IN_PLACE = 1000;

/**
 * Parses all rows. readJSON takes no schema (it is accepted and ignored, measured), so that where
 * the telling records come late, or a column is to be text, records are put in front and their
 * rows taken off again; only then are the bytes copied.
 */
export function parseJson(
  bytes: Buffer,
  format: 'ndjson' | 'json',
  census: JsonCensus,
  columns: readonly JsonColumn[],
): DataFrame {
  const pl = polars();
  if (columns.length === 0) return pl.DataFrame({});
  const settings = { format: format === 'ndjson' ? 'lines' : 'json' } as const;
  const texts = columns.filter(({ asText }) => asText);
  if (texts.length === 0 && census.lastTelling <= INFERRED_IN_PLACE) {
    return pl.readJSON(bytes, { ...settings, inferSchemaLength: Math.max(1, census.lastTelling) });
  }
  const front = [...forcedTexts(columns), ...tellingRecords(bytes, census)];
  const all = format === 'ndjson' ? linesWith(front, bytes) : arrayWith(front, bytes, census);
  const frame = pl.readJSON(all, { ...settings, inferSchemaLength: front.length });
  return frame.slice(front.length, frame.height - front.length);
}

/** As parseJson, for lines whose types are those of the records in `front`. */
export function parseLines(bytes: Buffer, front: readonly string[]): DataFrame {
  const settings = { format: 'lines', inferSchemaLength: front.length } as const;
  const frame = polars().readJSON(linesWith(front, bytes), settings);
  return frame.slice(front.length, frame.height - front.length);
}

/** A record that makes columns text, whatever else they hold. */
export function forcedTexts(columns: readonly JsonColumn[]): string[] {
  const texts = columns.filter(({ asText }) => asText);
  if (texts.length === 0) return [];
  return [`{${texts.map(({ name }) => `${JSON.stringify(name)}:""`).join(',')}}`];
}

export function tellingRecords(bytes: Buffer, census: JsonCensus): string[] {
  return census.telling.map(([start, end]) => bytes.toString('utf8', start, end));
}

function linesWith(front: readonly string[], bytes: Buffer): Buffer {
  const start = bytes[0] === 0xef ? 3 : 0;
  return Buffer.concat([Buffer.from(`${front.join('\n')}\n`), bytes.subarray(start)]);
}

function arrayWith(front: readonly string[], bytes: Buffer, census: JsonCensus): Buffer {
  const text = Buffer.from(`[${front.join(',')},`);
  const { start, isArray } = census;
  if (isArray) return Buffer.concat([text, bytes.subarray(start + 1)]);
  return Buffer.concat([text, bytes.subarray(start), Buffer.from(']')]);
}
