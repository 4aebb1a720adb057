/** Which part of a plan can run piece by piece, and what stands above it. */
import type { Plan, Scan } from '../ir.ts';
import { inputsOf } from '../walk.ts';

export interface Chain {
  /** The relation read piece by piece. */
  readonly scan: Scan;
  /** Its filters, projections and joins with what fits: the same for every piece. */
  readonly streaming: Plan;
  /** The first node above that must see all rows; undefined when there is none. */
  readonly breaker: Plan | undefined;
}

const fits = (plan: Plan): boolean =>
  plan.kind === 'scan'
    ? plan.relation.fits
    : plan.kind === 'shared'
      ? fits(plan.definition.plan)
      : inputsOf(plan).every(fits);

const scansOf = (plan: Plan): Scan[] =>
  plan.kind === 'scan'
    ? [plan]
    : plan.kind === 'shared'
      ? scansOf(plan.definition.plan)
      : inputsOf(plan).flatMap(scansOf);

/** How often a plan reads a relation. */
export const scanCount = (plan: Plan): number => scansOf(plan).length;

/** The one input a piece may come from, when the other side of a join is whole in memory. */
function streamingInput(plan: Plan, big: Scan): Plan | undefined {
  if (['filter', 'project', 'unnest', 'compute'].includes(plan.kind))
    return (plan as Plan & { kind: 'project' }).input;
  if (plan.kind !== 'join') return undefined;
  const inLeft = scansOf(plan.left).includes(big);
  const other = inLeft ? plan.right : plan.left;
  if (!fits(other) && scansOf(other).length > 0) return undefined;
  if (inLeft) return plan.join === 'full' ? undefined : plan.left;
  return plan.join === 'inner' ? plan.right : undefined;
}

/**
 * The relation to be read in pieces: the one that does not fit, or the only one there is.
 * Undefined when two do not fit, or the plan reads nothing.
 */
function bigScan(plan: Plan): Scan | undefined {
  const scans = scansOf(plan);
  const large = scans.filter((scan) => !scan.relation.fits);
  if (large.length > 1) return undefined;
  return large[0] ?? (scans.length === 1 ? scans[0] : undefined);
}

export function chainOf(plan: Plan): Chain | undefined {
  const scan = bigScan(plan);
  if (scan === undefined) return undefined;
  const path: Plan[] = [];
  let at: Plan = plan;
  while (at !== scan) {
    path.push(at);
    const next: Plan | undefined =
      streamingInput(at, scan) ?? inputsOf(at).find((input) => scansOf(input).includes(scan));
    if (next === undefined || at.kind === 'shared') return undefined;
    at = next;
  }
  let streaming: Plan = scan;
  for (const node of path.toReversed()) {
    if (streamingInput(node, scan) === undefined) return { scan, streaming, breaker: node };
    streaming = node;
  }
  return { scan, streaming, breaker: undefined };
}
