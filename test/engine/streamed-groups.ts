/** GROUP BY over text that passes once, by the kernel and by Polars in the same segments. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { StreamSizes } from '../../src/engine/segments/content.ts';
import { oddText } from './odd-text.ts';
import { ask, askPipe, gzipped, KEPT, plain, REUSED, WHOLE } from './segments-model.ts';

type Answer = Awaited<ReturnType<typeof ask>>;

const FIGURES =
  'count(*) n, count(f) cf, sum(i) si, avg(i) ai, min(i) li, max(i) hi, sum(f) sf, avg(f) af, min(f) lf, max(f) hf, min(t) lt, max(t) ht, count(e) ce';

const QUERIES = [
  `select s, ${FIGURES} from t group by s order by s`,
  `select ${FIGURES} from t`,
  'select s, i % 3 = 0 odd, count(*) n from t group by s, i % 3 = 0 order by s, odd',
  'select s, f, count(*) n, max(i) m from t group by s, f order by s, f, n',
  `select s, t, ${FIGURES} from t where i >= 200 and s <> 'n3' group by s, t order by s, t`,
  'select count(*) n from t',
  'select e, count(*) n, sum(i) m from t where f is not null group by e order by e',
] as const;

/** The same query as one that no kernel takes: FILTER is not for them. Any value is text in s. */
const forPolars = (sql: string): string =>
  sql.replace(' from t', ', count(*) filter (where s is null) "only polars" from t');

/** The first columns of a CSV text, without the one that forPolars adds. */
const withoutLast = (rows: string | undefined): string | undefined =>
  rows
    ?.split('\n')
    .map((line) => line.replace(/,(\d*|only polars)$/, ''))
    .join('\n');

const headline = ({ error }: Answer): string | undefined => error?.message.split('\n')[0];

type Way = (sql: string, text: string) => Promise<Answer>;

const WAYS: readonly Way[] = [
  (sql, text) => ask(sql, gzipped(text), KEPT),
  (sql, text) => ask(sql, gzipped(text), REUSED),
  (sql, text) => askPipe(sql, text, KEPT),
  (sql, text) => askPipe(sql, text, REUSED),
];

/** On a loaded machine fewer runs will do. */
const MOST_MS = 400_000;

/** Kernels give what Polars gives of the same stream; of what is plain, what the file gives. */
export async function checkGroups(runs: number): Promise<void> {
  const input = [oddText, fc.constantFrom(...QUERIES), fc.constantFrom(...WAYS)] as const;
  const property = fc.asyncProperty(...input, async ({ text, odd }, sql, way) => {
    const quick = await way(sql, text);
    const slow = await way(forPolars(sql), text);
    // Behind the first line may stand the query.
    expect(headline(quick)).toBe(headline(slow));
    expect(quick.error?.where?.line).toBe(slow.error?.where?.line);
    expect(quick.rows).toBe(withoutLast(slow.rows));
    if (odd === 0) expect(quick.rows).toBe((await ask(sql, plain(text), WHOLE)).rows);
  });
  const limits = { interruptAfterTimeLimit: MOST_MS, markInterruptAsFailure: false };
  await fc.assert(property, { numRuns: runs, ...limits });
}

/** Doubles whose sums depend on the order they are added in, `rows` of them in some groups. */
export function roundingText(rows: number, line = (row: string): string => row): string {
  const lines = ['key,value,count'];
  let seed = 1;
  for (let row = 0; row < rows; row += 1) {
    seed = Math.imul(seed, 48_271) % 0x7fffffff;
    const value = Math.sin(seed) * 10 ** (seed % 12);
    lines.push(line(`k${Math.abs(seed) % 23},${value},${row}`));
  }
  return `${lines.join('\n')}\n`;
}

export const SUMS =
  'select key, sum(value) s, avg(value) a, avg(count) c, count(*) n, stddev(value) d, var_pop(count) v from t group by key order by key';

export const DEFAULT_SIZES: StreamSizes = {
  headBytes: 2 ** 22,
  regionBytes: 2 ** 25,
  segmentBytes: 2 ** 22,
};
