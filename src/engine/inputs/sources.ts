/** Inputs as the user names them on the command line. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { gateOfThread } from './gate.ts';

/** A path, glob, directory or "-", perhaps with the table name SQL shall know it by. */
export interface SourceArgument {
  readonly name?: string;
  readonly path: string;
  /** The files themselves, named one by one (--files-from); `path` is then their list's. */
  readonly files?: readonly string[];
  /** The open file itself, which `path` only names. */
  readonly fd?: number;
}

/** Splits "sensors=logs/*.csv"; a path that exists as it stands is not split. */
export function parseSource(text: string): SourceArgument {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || isThere(text)) return { path: text };
  return { name: match[1], path: match[2] };
}

function isThere(file: string): boolean {
  const gate = gateOfThread();
  return gate === undefined ? existsSync(file) : gate.look(file) !== undefined;
}

/** The name SQL knows a source by: the one given, else "day 1" for "logs/day 1.csv.gz". */
export function tableName(source: SourceArgument): string {
  if (source.name !== undefined) return source.name;
  if (source.files !== undefined) return 'data';
  if (source.path === '-') return 'stdin';
  const base = path.basename(source.path.replace(/\/+$/, ''));
  return base.replace(/\.[A-Za-z0-9]+(\.(gz|zst|bz2|xz|lz4))?$/i, '') || base;
}
