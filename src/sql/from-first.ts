/** FROM t, FROM t SELECT a: DuckDB's queries that begin with their source. */
import type { Edit } from './rewrite.ts';
import type { Token } from './tokens.ts';

/** Words that end a FROM clause. */
export const AFTER_FROM = new Set([
  'where',
  'group',
  'having',
  'order',
  'limit',
  'offset',
  'fetch',
  'union',
  'intersect',
  'except',
  'window',
  'qualify',
  'on',
  'using',
  'select',
]);

const at = (offset: number, text: string): Edit => ({ start: offset, end: offset, text });

/** FROM t SELECT a WHERE b: the source as a WITH query, under the name it has. */
export function fromFirst(tokens: readonly Token[]): readonly Edit[] {
  const start = tokens[0]?.start ?? 0;
  let depth = 0;
  let select = -1;
  let end = tokens.length;
  for (let i = 1; i < tokens.length && end === tokens.length; i += 1) {
    const { text, lower } = tokens[i] as Token;
    if (/^[([{]$/.test(text)) depth += 1;
    else if (/^[)\]}]$/.test(text)) depth -= 1;
    else if (depth > 0) continue;
    else if (lower === 'select' && select < 0) select = i;
    else if (AFTER_FROM.has(lower) && lower !== 'on' && lower !== 'using') {
      if (select < 0) break;
      end = i;
    }
  }
  if (select < 0) return [at(start, 'SELECT * ')];
  const last = tokens[select - 1] as Token;
  const name = /^["a-z_]/i.test(last.text) ? last.text : '"from"';
  return [
    at(start, `WITH ${name} AS (SELECT * `),
    at(last.end, ') '),
    at((tokens[end - 1] as Token).end, ` FROM ${name}`),
  ];
}
