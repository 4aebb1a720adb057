/** Inputs as the user names them on the command line. */
import { existsSync } from 'node:fs';

/** A path, glob, directory or "-", perhaps with the table name SQL shall know it by. */
export interface SourceArgument {
  readonly name?: string;
  readonly path: string;
}

/** Splits "sensors=logs/*.csv"; a path that exists as it stands is not split. */
export function parseSource(text: string): SourceArgument {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || existsSync(text)) return { path: text };
  return { name: match[1], path: match[2] };
}
