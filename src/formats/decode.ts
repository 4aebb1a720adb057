/** From bytes to a table, whatever the format. Adding a format is adding a file and an arm here. */
import { NairobiError } from '../errors.ts';
import { requireWholeBlocks } from './blocks/whole.ts';
import { decodeColumnar } from './columnar.ts';
import { decodeCsv } from './csv/csv.ts';
import type { Decoded, Source } from './decoded.ts';
import { DETECT_BYTES, detect, detectCompression, type FormatName } from './detect.ts';
import { decodeJson } from './json/json.ts';
import type { ReadOptions } from './options.ts';
import { decodeSqlite } from './sqlite/sqlite.ts';

/**
 * Understands `source` and gives its rows on request. The bytes are read in place: they must stay
 * as they are until the frame of the last read() or scan() has been collected.
 * Throws BAD_DATA with the place of what is wrong.
 */
export function decode(source: Source, options: ReadOptions = {}): Decoded {
  const head = source.bytes.subarray(0, DETECT_BYTES);
  const compression = detectCompression(head);
  if (compression !== undefined) {
    throw new NairobiError('BAD_DATA', `The bytes are still compressed (${compression})`, {
      where: { file: source.path },
      hint: 'the file may be compressed twice: decompress it once by hand',
    });
  }
  if (source.bytes.length === 0) {
    throw new NairobiError('BAD_DATA', 'The input is empty', {
      where: { file: source.path },
      hint: 'check what wrote it; a header line alone is a table without rows',
    });
  }
  return decoderOf(options.format ?? detect(source.path, head), source, options);
}

function decoderOf(format: FormatName, source: Source, options: ReadOptions): Decoded {
  switch (format) {
    case 'csv':
    case 'tsv':
    case 'psv':
      return decodeCsv(source, format, options);
    case 'parquet':
    case 'arrow':
      return decodeColumnar(source, format);
    case 'arrow-stream':
    case 'avro':
      requireWholeBlocks(source, format);
      return decodeColumnar(source, format);
    case 'json':
    case 'ndjson':
      return decodeJson(source, format, options);
    case 'sqlite':
      return decodeSqlite(source, options);
  }
}
