/** What the beginning of a text leaves open about its columns. */
import type { ReadOptions } from '../options.ts';
import { Evidence, isOpen } from './evidence.ts';
import { Records } from './records.ts';
import { type CsvPlan, observe, readingOf, SAMPLE_BYTES } from './sniff.ts';

/** Columns that became text because they are empty or ambiguous so far, with what they showed. */
export function undecided(
  head: Buffer,
  plan: CsvPlan,
  options: ReadOptions,
): Map<number, Evidence> {
  const evidence = plan.columns.map(() => new Evidence());
  const nulls = options.nulls === undefined ? undefined : new Set(options.nulls);
  const sample = head.subarray(plan.data.byte, plan.data.byte + SAMPLE_BYTES);
  const records = new Records(sample, plan.dialect);
  while (records.next() && records.end.byte < sample.length) observe(records, evidence, nulls);
  const found = new Map<number, Evidence>();
  for (const [index, { from, type }] of plan.columns.entries()) {
    const shown = evidence[index];
    if (from !== 'inferred' || type !== 'String' || shown === undefined) continue;
    if (isOpen(shown, readingOf(shown, plan.dialect, options))) found.set(index, shown);
  }
  return found;
}
