/**
 * A few figures of one column, by Polars alone: what a notebook asks again and again. They are
 * those of `stats` (docs/stats.md), which also finds everything else and takes longer; moments are
 * rounded a few times more, so the last digits may differ.
 */
import { atOnce, col, collect, type DataFrame, type Expr } from '../compute/polars.ts';
import { type Column, hasFewRows, type Relation } from '../compute/relation.ts';
import { FIGURES } from '../compute/stats/figures.ts';
import { isFloatType, isIntegerType } from '../compute/types.ts';
import type { Session } from '../engine/session.ts';
import { requireColumn, stats } from '../engine/stats/stats.ts';
import { NairobiError } from '../errors.ts';
import { requireRange } from '../ranges.ts';
import { closest } from '../suggest.ts';

type Figures = Record<string, unknown>;

/** Each over finite values that are not null; undefined for what only `stats` knows. */
function quickFigure(name: string, values: Expr): Expr | undefined {
  switch (name) {
    case 'count':
      return values.count();
    case 'min':
      return values.min();
    case 'max':
      return values.max();
    case 'mean':
      return values.mean();
    case 'sd':
      return values.std();
    case 'variance':
      return values.var();
    case 'median':
      return values.quantile(0.5, 'linear');
    default:
      break;
  }
  const p = /^p(\d+(?:\.\d+)?)$/.exec(name)?.[1];
  return p === undefined || Number(p) > 100
    ? undefined
    : values.quantile(Number((Number(p) / 100).toPrecision(15)), 'linear');
}

/** NairobiError UNKNOWN_COLUMN, and USAGE for a figure the column does not have. */
export async function columnFigures(
  session: Session,
  relation: Relation,
  name: string,
  figures: readonly string[],
): Promise<Figures> {
  requireRange('figures', figures.length);
  requireColumn(relation, name);
  const column = relation.columns.find((one) => one.name === name) as Column;
  return quick(relation, column, figures) ?? (await thorough(session, relation, name, figures));
}

/** Undefined where the type, a value or a figure needs `stats`. */
function quick(
  relation: Relation,
  { name, type }: Column,
  figures: readonly string[],
): Figures | undefined {
  if (!isFloatType(type) && !isIntegerType(type)) return undefined;
  // 64-bit integers leave Polars as rounded JavaScript numbers.
  const isWide = /64|128/.test(type) && isIntegerType(type);
  if (isWide && figures.some((figure) => figure === 'min' || figure === 'max')) return undefined;
  const exprs = figures.map((figure) => quickFigure(figure, col(name))?.alias(figure));
  if (exprs.some((expr) => expr === undefined)) return undefined;
  // Finite only when every value is.
  const all = [...(exprs as Expr[]), col(name).mean().alias(WITNESS)];
  const run = (): DataFrame => collect(relation.scan([name]).select(...all));
  const frame = hasFewRows(relation) ? atOnce(run) : run();
  const witness: unknown = frame.getColumn(WITNESS).get(0);
  if (witness !== null && !Number.isFinite(witness)) return undefined;
  return Object.fromEntries(figures.map((figure) => [figure, frame.getColumn(figure).get(0)]));
}

const WITNESS = '\0mean';

async function thorough(
  session: Session,
  relation: Relation,
  name: string,
  figures: readonly string[],
): Promise<Figures> {
  const { threads, memoryLimit } = session.plan;
  const quantiles = figures.flatMap((figure) => {
    const p = /^p(\d+(?:\.\d+)?)$/.exec(figure)?.[1];
    return p === undefined ? [] : [Number((Number(p) / 100).toPrecision(15))];
  });
  const isDeep = figures.some((figure) => !(FIGURES as readonly string[]).includes(figure));
  const options = {
    columns: [name],
    ...(isDeep ? { quantiles } : {}),
    threads,
    memoryLimit,
  };
  const [found] = (await stats(relation, options, session.reporter)).columns;
  const known = found as Figures;
  const unknown = figures.find(
    (figure) => !Object.hasOwn(known, figure) || known[figure] === undefined,
  );
  if (unknown === undefined) {
    return Object.fromEntries(figures.map((figure) => [figure, known[figure]]));
  }
  const names = Object.keys(known).filter((one) => one !== 'column' && one !== 'distribution');
  const near = closest(unknown, names);
  throw new NairobiError('USAGE', `The column ${name} has no figure "${unknown}"`, {
    hint: near === undefined ? `it has ${names.join(', ')}` : `did you mean ${near}?`,
  });
}
