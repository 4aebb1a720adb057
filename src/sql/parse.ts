/** SQL text to PostgreSQL's own parse tree, with DuckDB's additions marked in it. */
import { setFlagsFromString } from 'node:v8';
import type { Node, SelectStmt } from 'libpg-query';
import { isStackOverflow, messageOf, NairobiError } from '../errors.ts';
import { type Marks, rewrite } from './dialect.ts';
import { keptParser, type Parser, recordingParser } from './parse-cache.ts';
import { withRare } from './rare.ts';
import { Source, tooDeep, withinStack } from './source.ts';
import { type Token, tokensOf } from './tokens.ts';

export type Mode = 'query' | 'describe' | 'summarize' | 'explain';

export interface View {
  readonly name: string;
  readonly columns: readonly string[];
  readonly query: SelectStmt;
}

export interface Parsed {
  readonly mode: Mode;
  readonly select: SelectStmt;
  /** CREATE VIEW statements before the query. */
  readonly views: readonly View[];
  readonly source: Source;
  readonly marks: Marks;
}

type Library = typeof import('libpg-query');
let library: Library | undefined;

/** PostgreSQL's parser as WebAssembly; 40 ms the first time. */
async function load(): Promise<Library> {
  if (library === undefined) {
    // Several threads that compile the wrappers of its imports anew and free the old ones can end
    // the process (V8 13.6, https://github.com/nodejs/node/issues/64500): they keep the first.
    setFlagsFromString('--wasm-wrapper-tiering-budget=2000000000');
    const module = await import('libpg-query');
    await module.loadModule();
    library = module;
  }
  return library;
}

interface ParserError {
  readonly message: string;
  readonly sqlDetails?: { readonly cursorPosition?: number };
}

const NESTED_TOO_DEEP = 'parentheses and operators nest too deep here: split the query with WITH';

/** The parser counts characters in its errors and bytes in its tree. */
function syntaxError(cause: unknown, source: Source, text: string): NairobiError {
  if (isStackOverflow(cause)) return tooDeep(cause);
  const details = (cause as ParserError).sqlDetails;
  const cursor = details?.cursorPosition ?? -1;
  const byte = Buffer.byteLength(Array.from(text).slice(0, Math.max(0, cursor)).join(''));
  const message = messageOf(cause).replace(/^syntax error/, 'Syntax error');
  const hint = message.startsWith('memory exhausted') ? NESTED_TOO_DEEP : undefined;
  return source.error('BAD_SQL', message, cursor < 0 ? undefined : byte, hint);
}

function parserError(parse: () => unknown, source: Source, text: string): NairobiError {
  try {
    parse();
  } catch (cause) {
    return syntaxError(cause, source, text);
  }
  return new NairobiError('BAD_SQL', 'The SQL cannot be split into words');
}

const PREFIX = /^(describe|desc|summarize|explain)$/;

/** Splits DESCRIBE, SUMMARIZE or EXPLAIN off the front; a bare name or file after it is a query. */
function splitMode(typed: string, tokens: readonly Token[]): { mode: Mode; text: string } {
  const first = tokens[0];
  if (first === undefined || !PREFIX.test(first.lower)) return { mode: 'query', text: typed };
  const mode = first.lower === 'desc' ? 'describe' : (first.lower as Mode);
  const blank = ' '.repeat(first.end - first.start);
  const bytes = Buffer.from(typed);
  const rest = bytes.subarray(first.end).toString();
  const before = bytes.subarray(0, first.start).toString();
  const isQuery = /^(select|with|from|values|\()$/.test(tokens[1]?.lower ?? '');
  return { mode, text: before + (isQuery ? blank : bareSource(blank)) + rest };
}

/** "FROM" in the room of the keyword it replaces, so that offsets stay true. */
const bareSource = (blank: string): string => `FROM${blank.slice(4)}`;

const ONE_QUERY = 'run nairobi query once for each, or join them with UNION ALL';
const WRITING =
  'what a query answers is written by -o, as in: nairobi query "SELECT ..." -o new.parquet';

function onlyQuery(
  nodes: readonly Node[],
  source: Source,
): { select: SelectStmt; views: readonly View[] } {
  const views: View[] = [];
  let select: SelectStmt | undefined;
  for (const node of nodes) {
    if ('ViewStmt' in node) {
      const { view, query, aliases } = node.ViewStmt;
      if (query === undefined || !('SelectStmt' in query)) continue;
      views.push({
        name: view?.relname ?? '',
        columns: (aliases ?? []).map((alias) =>
          'String' in alias ? (alias.String.sval ?? '') : '',
        ),
        query: query.SelectStmt,
      });
    } else if ('SelectStmt' in node) {
      if (select !== undefined)
        throw source.unsupported('more than one query at a time', undefined, ONE_QUERY);
      select = node.SelectStmt;
    } else if (!('DropStmt' in node)) {
      const statement =
        Object.keys(node)[0]?.replace(/Stmt$/, '').toUpperCase() ?? 'this statement';
      throw source.unsupported(`${statement} statements: only queries are`, 0, WRITING);
    }
  }
  if (select === undefined) throw new NairobiError('BAD_SQL', 'There is no query in the SQL given');
  return { select, views };
}

/** The latest texts, the oldest first: a daemon is asked the same again and again. */
const parsedTexts = new Map<string, Parsed>();
const TEXTS_KEPT = 64;
/** One of more characters is remembered alone: its tree may take a hundred times as much. */
const LONG_TEXT = 16 * 1024;

/** NairobiError BAD_SQL with the place, when PostgreSQL's grammar (and what we add) refuses it. */
export const parse = (sql: string): Promise<Parsed> => withinStack(() => parsed(sql));

async function parsed(sql: string): Promise<Parsed> {
  const known = parsedTexts.get(sql);
  if (known !== undefined) return known;
  if (sql.includes('\0')) throw new NairobiError('BAD_SQL', 'The SQL has a NUL byte in it');
  const parsedBefore = await withRare(() => replay(sql));
  if (parsedBefore !== undefined) return parsedBefore;
  const library = await load();
  return withRare(() => {
    const parser = recordingParser(library, sql);
    const parsed = interpreted(() => parseWith(parser, sql));
    parser.keep();
    return parsed;
  });
}

/** From the answers of an earlier run; undefined when they do not suffice. */
function replay(sql: string): Parsed | undefined {
  const kept = keptParser(sql);
  if (kept === undefined) return undefined;
  try {
    const parsed = parseWith(kept, sql);
    if (!kept.missed()) return parsed;
  } catch (error) {
    if (!kept.missed()) throw error;
  }
  parsedTexts.delete(sql);
  return undefined;
}

/**
 * Runs `work` without the optimizing compiler for WebAssembly: on the one huge function of the
 * parser it takes 0.3 s and 500 MiB (measured), for a text that is parsed once.
 */
function interpreted<T>(work: () => T): T {
  setFlagsFromString('--wasm-tier-up-filter=0');
  try {
    return work();
  } finally {
    setFlagsFromString('--wasm-tier-up-filter=-1');
  }
}

function parseWith({ scanSync, parseSync }: Parser, sql: string): Parsed {
  const plain = new Source(sql);
  if (sql.trim() === '') throw new NairobiError('BAD_SQL', 'The SQL is empty');
  const scan = (text: string): Token[] => {
    try {
      return tokensOf(scanSync(text).tokens);
    } catch {
      // The scanner reports an open string or comment badly; the parser reports it well.
      throw parserError(() => parseSync(text), plain, text);
    }
  };
  const tokens = scan(sql);
  const { mode, text } = splitMode(sql, tokens);
  const rewritten = rewrite(text, mode === 'query' ? tokens : scan(text));
  const source = new Source(sql, rewritten.source.segments);
  let nodes: Node[];
  try {
    nodes = (parseSync(rewritten.text).stmts ?? []).flatMap((raw) => raw.stmt ?? []);
  } catch (cause) {
    throw syntaxError(cause, source, rewritten.text);
  }
  const parsed: Parsed = { mode, ...onlyQuery(nodes, source), source, marks: rewritten.marks };
  if (sql.length > LONG_TEXT) parsedTexts.clear();
  parsedTexts.set(sql, parsed);
  const [oldest] = parsedTexts.keys();
  if (parsedTexts.size > TEXTS_KEPT && oldest !== undefined) parsedTexts.delete(oldest);
  return parsed;
}
