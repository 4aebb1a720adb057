/** What the flags of `nairobi stats` ask. */
import { readFileSync } from 'node:fs';
import type { Column, Relation } from '../../compute/relation.ts';
import { DEEP_FIGURES, DEFAULT_QUANTILES } from '../../compute/stats/deep.ts';
import { type Bound, parseBound } from '../../compute/stats/drift.ts';
import { parseRules } from '../../compute/stats/rules-file.ts';
import { sourceFromList } from '../../engine/inputs/file-list.ts';
import { parseSource, type SourceArgument } from '../../engine/inputs/sources.ts';
import type { Question } from '../../engine/stats/answers.ts';
import { messageOf, NairobiError } from '../../errors.ts';

interface Asked {
  readonly by?: string | undefined;
  readonly corr: boolean;
  readonly hist?: string | undefined;
  readonly bins: number;
  readonly freq?: string | undefined;
  readonly top: number;
  readonly schema: boolean;
  readonly compare?: string | undefined;
  readonly 'fail-if'?: readonly string[] | undefined;
  readonly expect?: string | undefined;
}

/** Undefined: the figures of the columns. */
export function questionOf(flags: Asked, open: (source: string) => Relation): Question | undefined {
  if (flags.by !== undefined) return { is: 'by', key: flags.by };
  if (flags.corr) return { is: 'corr' };
  if (flags.hist !== undefined) return { is: 'hist', column: flags.hist, bins: flags.bins };
  if (flags.freq !== undefined) return { is: 'freq', column: flags.freq, top: flags.top };
  if (flags.schema) return { is: 'schema' };
  if (flags.compare !== undefined) {
    const bounds = (flags['fail-if'] ?? []).map((text) => boundOf(text));
    return { is: 'compare', other: open(flags.compare), bounds };
  }
  if (flags.expect === undefined) return undefined;
  return { is: 'expect', rules: parseRules(textOfFile(flags.expect), flags.expect) };
}

/** What is to be read and of which columns: with a list of files the first word is the columns. */
export function statsSource(
  { source, columns }: { source?: string | undefined; columns?: string | undefined },
  list: string | undefined,
): { source: SourceArgument; columns: string | undefined } {
  if (list === undefined) {
    if (source !== undefined) return { source: parseSource(source), columns };
    throw new NairobiError('USAGE', 'There is nothing to read', {
      hint: 'name a file, or - for stdin',
    });
  }
  if (columns === undefined) return { source: sourceFromList(list), columns: source };
  throw new NairobiError('USAGE', `"${source}" and --files-from both name what to read`, {
    hint: 'with --files-from the only word is the columns',
  });
}

function boundOf(text: string): Bound {
  const bound = parseBound(text);
  if (bound !== undefined) return bound;
  throw new NairobiError('USAGE', `Cannot read --fail-if "${text}"`, {
    hint: 'write psi>0.25, ks>0.1, mean_shift>1, null_shift>0.05 or types',
  });
}

function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new NairobiError('NOT_FOUND', `Cannot read the rules: ${messageOf(cause)}`, { cause });
  }
}

/** "a, b" too, unless a column is called " b". */
export function columnsOf(
  list: string | undefined,
  columns: readonly Column[],
): readonly string[] | undefined {
  const isOne = (name: string): boolean => columns.some((column) => column.name === name);
  return list?.split(',').map((name) => (isOne(name) ? name : name.trim()));
}

interface Wanted {
  readonly all: boolean;
  readonly quantiles?: string | undefined;
  readonly get?: string | undefined;
  readonly figures?: string | undefined;
}

/** Undefined when no figure of --all is asked for, by that flag or by its name. */
export function quantilesOf({ all, quantiles, get, figures }: Wanted): number[] | undefined {
  const names = (get ?? figures)?.split(',').map((name) => name.trim()) ?? [];
  const levels = names.flatMap((name) => levelOf(name) ?? []);
  const deep: readonly string[] = DEEP_FIGURES;
  const isDeep = all || quantiles !== undefined || levels.length > 0;
  if (!isDeep && !names.some((name) => deep.includes(name))) return undefined;
  return [...new Set([...parseQuantiles(quantiles), ...levels])];
}

/** "p99.9" -> 0.999. */
function levelOf(name: string): number | undefined {
  const percent = /^p(\d{1,3}(?:\.\d+)?)$/.exec(name)?.[1];
  const level = percent === undefined ? Number.NaN : Number(`${percent}e-2`);
  return level <= 1 ? level : undefined;
}

function parseQuantiles(list: string | undefined): readonly number[] {
  if (list === undefined) return DEFAULT_QUANTILES;
  return list.split(',').map((text) => {
    const p = text.trim() === '' ? Number.NaN : Number(text);
    if (p >= 0 && p <= 1) return p;
    throw new NairobiError('USAGE', `Cannot read "${text}" as a quantile`, {
      hint: 'write numbers from 0 to 1, such as 0.5,0.999',
    });
  });
}
