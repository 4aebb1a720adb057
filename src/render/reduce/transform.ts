/** The scale functions of the axes, once for numbers and once for Polars; after Vega's own. */
import { type Expr, polars } from '../../compute/polars.ts';
import type { ScaleKind } from '../request.ts';

export interface Axis {
  readonly kind: ScaleKind;
  readonly min: number;
  readonly max: number;
}

/** A monotone function under which the axis is linear. */
export function transformOf(kind: ScaleKind): (value: number) => number {
  if (kind === 'log') return Math.log;
  if (kind === 'sqrt') return (value) => Math.sign(value) * Math.sqrt(Math.abs(value));
  // d3-scale's symlog with its default constant 1.
  if (kind === 'symlog') return (value) => Math.sign(value) * Math.log1p(Math.abs(value));
  return (value) => value;
}

/** From the linear unit back to the value. */
export function inverseOf(kind: ScaleKind): (value: number) => number {
  if (kind === 'log') return Math.exp;
  if (kind === 'sqrt') return (value) => Math.sign(value) * value * value;
  if (kind === 'symlog') return (value) => Math.sign(value) * Math.expm1(Math.abs(value));
  return (value) => value;
}

/** The same function over a Float64 expression. */
export function transformed(value: Expr, kind: ScaleKind): Expr {
  const pl = polars();
  if (kind === 'log') return value.log(Math.E);
  if (kind === 'linear') return value;
  const size = kind === 'sqrt' ? value.abs().pow(0.5) : value.abs().add(pl.lit(1)).log(Math.E);
  return pl
    .when(value.lt(pl.lit(0)))
    .then(size.mul(pl.lit(-1)))
    .otherwise(size);
}
