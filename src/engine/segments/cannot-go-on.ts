/** What is said of a stream that turned out otherwise and cannot be read again. */
import { NairobiError } from '../../errors.ts';
import { Contradiction } from '../../formats/segment.ts';

/** Of a contradiction the error that names the type to give; anything else as it is. */
export function asError(error: unknown): unknown {
  if (!(error instanceof Contradiction)) return error;
  const { column, type, where } = error;
  const remedy =
    type === undefined
      ? 'save it to a file, which can be read twice'
      : `say the type: --types ${column}=${wordOf(type)}, or ${column}=text; or save it to a file`;
  return new NairobiError('BAD_DATA', `Cannot go on: ${error.message}`, {
    where,
    hint: `what is piped and longer than memory is read once; ${remedy}`,
    cause: error,
  });
}

/** A type as --types takes it. */
function wordOf(type: string): string {
  const words: Readonly<Record<string, string>> = { Float64: 'double', Int64: 'bigint' };
  return (
    words[type] ??
    type
      .replace(/^Datetime.*/, 'timestamp')
      .toLowerCase()
      .replaceAll(' ', '')
  );
}
