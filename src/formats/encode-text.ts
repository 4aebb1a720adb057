/** The text formats that are made cell by cell. */
import { isNumericType } from '../compute/types.ts';
import { rowsOf } from './cells.ts';
import { markdownCell } from './markdown-cell.ts';
import { chunks, type Result } from './result.ts';

type Row = readonly (string | null)[];

/** Encodes every piece with `line`, one text a row. */
function* rows(result: Result, line: (row: Row) => string): Iterable<Buffer> {
  for (const piece of chunks(result.frame)) {
    const texts = rowsOf(piece, result.columns).map(line);
    yield Buffer.from(texts.join(''), 'utf8');
  }
}

/** A GitHub table; numbers flush right. */
export function* markdown(result: Result): Iterable<Buffer> {
  const { names, columns, options } = result;
  const cell = (text: string | null): string => markdownCell(text ?? options.nullText ?? '');
  const line = (row: Row): string => `| ${row.map(cell).join(' | ')} |\n`;
  const rule = columns.map(({ type }) => (isNumericType(type) ? '---:' : '---'));
  yield Buffer.from(`${line(names)}| ${rule.join(' | ')} |\n`);
  yield* rows(result, line);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** One table element, to be put in a page. */
export function* html(result: Result): Iterable<Buffer> {
  const { names, columns, options } = result;
  const escaped = (text: string): string =>
    text.replace(/[&<>"]/g, (letter) => ENTITIES[letter] ?? '');
  const cell = (text: string | null, index: number): string => {
    const align = isNumericType(columns[index]?.type ?? '') ? ' style="text-align:right"' : '';
    return `<td${align}>${escaped(text ?? options.nullText ?? '')}</td>`;
  };
  const head = names.map((name) => `<th>${escaped(name)}</th>`).join('');
  yield Buffer.from(`<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n`);
  yield* rows(result, (row) => `<tr>${row.map(cell).join('')}</tr>\n`);
  yield Buffer.from('</tbody>\n</table>\n');
}

/** A record a block, a value a line: "name | value", as psql's \x. */
export function* vertical(result: Result): Iterable<Buffer> {
  const { names, options } = result;
  const width = Math.max(0, ...names.map((name) => [...name].length));
  let record = 0;
  yield* rows(result, (row) => {
    record += 1;
    const values = row.map((text, index) => {
      const name = names[index] ?? '';
      const pad = ' '.repeat(width - [...name].length);
      return `${name}${pad} | ${text ?? options.nullText ?? ''}\n`;
    });
    return `-[ RECORD ${record} ]\n${values.join('')}`;
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\\': '\\\\',
};

/**
 * Bare values for the shell: a row a line, tabs between, no header, no quotes; \t \n \\ escaped.
 */
export function* lines(result: Result): Iterable<Buffer> {
  const { options } = result;
  const cell = (text: string | null): string =>
    text === null
      ? (options.nullText ?? '')
      : text.replace(/[\t\n\r\\]/g, (one) => ESCAPES[one] ?? one);
  yield* rows(result, (row) => `${row.map(cell).join('\t')}\n`);
}
