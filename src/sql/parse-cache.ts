/**
 * What the parser answered, kept between runs: loading and running it costs 30 ms of a start, and
 * a cron job asks the same question every time. One file for each of a fixed number of slots in
 * the user's own cache folder; an entry holds the whole text it answers for, so that a collision
 * is a miss. Nothing depends on it: what cannot be read or written is not there.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { parseSync, scanSync } from 'libpg-query';

/** The two calls of libpg-query. */
export interface Parser {
  readonly scanSync: typeof scanSync;
  readonly parseSync: typeof parseSync;
}

/** Answers by what was asked, as JSON: whoever gets one may change it. */
type Answers = Record<string, string>;

interface Entry {
  /** Of libpg-query: another one may answer otherwise. */
  readonly version: string;
  readonly sql: string;
  readonly scans: Answers;
  readonly trees: Answers;
}

/** A parser that answers from what was kept. */
export interface KeptParser extends Parser {
  /** True once it was asked for something that is not kept: what it led to is worth nothing. */
  missed(): boolean;
}

/** The version of libpg-query in package.json; a test compares them. */
export const PARSER_VERSION = '18.1.5';

/** So many files at most, of texts no longer than this. */
const SLOTS = 256;
const TEXT_LENGTH_MAX = 16 * 1024;

function slotOf(sql: string): string | undefined {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  if (!base.startsWith('/') || sql.length > TEXT_LENGTH_MAX) return undefined;
  return join(base, 'nairobi', 'sql', `${hashOf(sql) % SLOTS}.json`);
}

/** FNV-1a, 32 bits: loading node:crypto would cost as much as a kept answer saves. RFC 9923. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** A parser that answers from what was kept for this text; undefined when nothing was. */
export function keptParser(sql: string): KeptParser | undefined {
  const slot = slotOf(sql);
  if (slot === undefined) return undefined;
  try {
    const entry = JSON.parse(readFileSync(slot, 'utf8')) as Entry;
    if (entry.version !== PARSER_VERSION || entry.sql !== sql) return undefined;
    return replaying(entry);
  } catch {
    return undefined;
  }
}

function replaying(entry: Entry): KeptParser {
  let missed = false;
  const answer = <T>(answers: Answers, text: string): T => {
    missed ||= !Object.hasOwn(answers, text);
    return JSON.parse(answers[text] ?? '{}') as T;
  };
  return {
    scanSync: (text) => answer(entry.scans, text),
    parseSync: (text) => answer(entry.trees, text),
    missed: () => missed,
  };
}

/** A parser that remembers what it answered, and the call that keeps it for this text. */
export function recordingParser(parser: Parser, sql: string): Parser & { keep(): void } {
  // Nothing is kept of a long text, and writing its tree as JSON takes as long as parsing it.
  if (slotOf(sql) === undefined) return { ...parser, keep: () => undefined };
  const entry: Entry = { version: PARSER_VERSION, sql, scans: {}, trees: {} };
  const note = <T>(answers: Answers, text: string, result: T): T => {
    answers[text] = JSON.stringify(result);
    return result;
  };
  return {
    scanSync: (text) => note(entry.scans, text, parser.scanSync(text)),
    parseSync: (text) => note(entry.trees, text, parser.parseSync(text)),
    keep: () => write(entry),
  };
}

function write(entry: Entry): void {
  const slot = slotOf(entry.sql);
  if (slot === undefined) return;
  try {
    makeFolder(join(slot, '..'));
    const draft = `${slot}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(entry), { mode: 0o600 });
    renameSync(draft, slot);
  } catch {
    // A home that cannot be written to has no cache.
  }
}

/** bin/runtime.js has made the one above: all at once, Node never returns where HOME is /proc. */
function makeFolder(folder: string): void {
  for (const step of [join(folder, '..'), folder]) {
    if (!existsSync(step)) mkdirSync(step, { mode: 0o700 });
  }
}
