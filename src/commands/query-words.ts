/** What `query` reads beside its flags: SQL from a file, parameters; and its --dry-run in words. */
import { readFileSync } from 'node:fs';
import type { QueryOutline } from '../engine/query.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { formatBytes } from '../units.ts';

/** The SQL of a file, "-" for stdin. */
export function readSql(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new NairobiError('NOT_READABLE', `Cannot read the SQL: ${messageOf(cause)}`, {
      where: { file },
      cause,
    });
  }
}

/** "kind=rain" -> { kind: 'rain' }. Numbers, true, false and null mean themselves; 'x' is text. */
export function parseParameters(
  texts: readonly string[],
): Record<string, string | number | bigint | boolean | null> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), parseValue(text.slice(at + 1))];
      throw new NairobiError('USAGE', `Cannot read -p "${text}"`, {
        hint: 'write NAME=VALUE, and $NAME in the SQL',
      });
    }),
  );
}

function parseValue(text: string): string | number | bigint | boolean | null {
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?(0|[1-9]\d*)$/.test(text)) return BigInt(text);
  if (/^-?(0|[1-9]\d*)\.\d+([eE][+-]?\d+)?$/.test(text)) return Number(text);
  const quoted = /^'(.*)'$/s.exec(text);
  return quoted?.[1] ?? text;
}

/** What was understood, a file after the other, then what the query reads and gives. */
export function formatOutline(outline: QueryOutline): string {
  const lines: string[] = [];
  for (const file of outline.files) {
    lines.push(`${file.path}: ${file.format}, ${formatBytes(file.bytes)}`);
    if (file.dialect !== undefined) {
      const { delimiter, quote, header, decimalComma } = file.dialect;
      const facts = [
        `delimiter ${JSON.stringify(delimiter)}`,
        quote === '' ? 'no quotes' : `quote ${quote}`,
        header ? 'a header' : 'no header',
        ...(decimalComma ? ['decimal commas'] : []),
        `types from ${file.sampledRows ?? 'no'} rows`,
      ];
      lines.push(`  ${facts.join(', ')}`);
    }
    const width = Math.max(...file.columns.map(({ name }) => name.length));
    for (const { name, type, from, format, nullText } of file.columns) {
      const details = [
        from === 'file' ? '' : from,
        format ?? '',
        nullText === undefined ? '' : `null is "${nullText}"`,
      ];
      const extra = details.filter((detail) => detail !== '').join(', ');
      lines.push(`  ${name.padEnd(width)}  ${type}${extra === '' ? '' : `  (${extra})`}`);
    }
    for (const note of [...file.notes, ...(file.late ?? [])]) lines.push(`  note: ${note}`);
  }
  for (const { table, columns } of outline.reads) {
    lines.push(`reads ${table}: ${columns.join(', ') || 'no column'}`);
  }
  lines.push(`gives ${outline.columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`);
  lines.push('', outline.plan.trimEnd(), '');
  return lines.join('\n');
}
