/** Which columns of a wide text are worth copying out before it is parsed. */
import type { Picking } from '../decoded.ts';
import { Records } from './records.ts';
import type { CsvPlan } from './sniff.ts';

/** Bytes of records that are looked at. */
const SAMPLE_BYTES = 64 * 1024;

/** What these columns take of the text; undefined when it has but one. */
export function pickingOf(
  bytes: Buffer,
  plan: CsvPlan,
  indices: readonly number[],
): Picking | undefined {
  const columns = new Uint8Array(plan.columns.length);
  for (const index of indices) columns[index] = 1;
  // One column alone would have blank lines where it is empty.
  const [only = 0, second] = new Set(indices);
  if (second === undefined) columns[only === 0 ? 1 : only - 1] = 1;
  if (columns.length < 2) return undefined;
  const records = new Records(bytes, plan.dialect, plan.data);
  let kept = 0;
  while (records.end.byte - plan.data.byte < SAMPLE_BYTES && records.next()) {
    for (const [index, one] of columns.entries()) {
      if (one === 1) kept += (records.ends[index] ?? 0) - (records.starts[index] ?? 0) + 1;
    }
  }
  return { columns, share: kept / Math.max(1, records.end.byte - plan.data.byte) };
}
