/**
 * Variances in Polars, which computes with squares: those of doubles beyond 1e150 overflow, those
 * below 1e-150 are lost. They are computed of the values as they are, of smaller and of larger ones,
 * all by powers of two, and the one that kept its digits is taken. In ordinary data that is the
 * first, to the bit. Three plain aggregates run in streams; one that scales by the group's largest
 * value does not, and takes twice their time.
 */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';

/**
 * Powers of two: as they are, smaller, larger. 2^424 is the largest double made smaller: 2^100
 * squares of it add up to no more than a double.
 */
export const SCALES = [0, -600, 600] as const;
const [, SHRINK, GROW] = SCALES.map((power) => 2 ** power) as [number, number, number];

/** A deviation above this overflows nowhere in any sum of 2^40 squares; one below loses digits. */
const MOST = 2 ** 490;
const LEAST = 2 ** -400;

const times = (value: Dsl, factor: number): Dsl => d.binary('Multiply', value, d.float64(factor));

export const atAllScales = (values: Dsl): readonly Dsl[] =>
  SCALES.map((power) => (power === 0 ? values : times(values, 2 ** power)));

/** Of deviations (`power` 1) or variances (2) of values at all scales. */
export function fromAllScales(found: readonly Dsl[], power: 1 | 2): Dsl {
  const [plain, shrunk, grown] = found as readonly [Dsl, Dsl, Dsl];
  const back = (value: Dsl, factor: number): Dsl =>
    power === 1 ? times(value, factor) : times(times(value, factor), factor);
  const known = (value: Dsl): Dsl => d.boolCall('IsFinite', value);
  // A group of one large value has no deviation, but no mean in doubles either.
  const isLarge = d.or(
    d.binary('Gt', shrunk, d.float64((MOST * SHRINK) ** power)),
    d.not(known(plain)),
  );
  const isSmall = d.and(d.binary('Lt', plain, d.float64(LEAST ** power)), known(grown));
  return d.ternary(
    isLarge,
    back(shrunk, 1 / SHRINK),
    d.ternary(isSmall, back(grown, 1 / GROW), plain),
  );
}
