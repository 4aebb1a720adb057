import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { DEFAULT_DEPTH } from '../../src/compute/stats/accumulate.ts';
import { nextUp } from '../../src/compute/stats/deep.ts';
import { type ColumnFigures, type Figure, figuresOf } from '../../src/compute/stats/figures.ts';
import { patternOf } from '../../src/compute/stats/pattern.ts';
import { survey } from '../../src/compute/stats/survey.ts';
import { relationOf } from './relations.ts';

type All = ColumnFigures & Readonly<Record<string, Figure>>;
const PS = [0, 0.01, 0.333, 0.9, 1];

async function deep(
  values: readonly unknown[],
  type: 'Float64' | 'Int32' | 'Utf8',
  keepBytes = 1e8,
): Promise<All> {
  const pl = polars();
  const frame = pl.DataFrame([pl.Series('x', values as never, pl[type])]);
  const depth = { ...DEFAULT_DEPTH, keepBytes };
  const [facts] = await survey(relationOf(frame), { depth });
  if (facts === undefined) throw new Error('no column came back');
  return figuresOf(facts, PS) as All;
}

/** The textbook, over a sorted copy. */
function textbook(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (list: readonly number[], p: number): number => {
    const at = (list.length - 1) * p;
    const low = list[Math.floor(at)] ?? Number.NaN;
    const high = list[Math.ceil(at)] ?? Number.NaN;
    return low + (high - low) * (at - Math.floor(at));
  };
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((p) => quantile(sorted, p)) as [
    number,
    number,
    number,
  ];
  const counts = new Map<number, number>();
  for (const value of sorted) counts.set(value, (counts.get(value) ?? 0) + 1);
  const distances = sorted.map((x) => Math.abs(x - median)).sort((a, b) => a - b);
  const most = Math.max(...counts.values());
  const least = Math.min(...counts.values());
  const [lower, upper] = [q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)];
  return {
    ...{
      median,
      q1,
      q3,
      p0: sorted[0],
      p1: quantile(sorted, 0.01),
      'p33.3': quantile(sorted, 0.333),
    },
    mad: quantile(distances, 0.5),
    mode: [...counts].find(([, count]) => count === most)?.[0],
    antimode: [...counts].find(([, count]) => count === least)?.[0],
    mode_count: most,
    uniqueness: counts.size / values.length,
    outliers: values.filter((x) => x < lower || x > upper).length,
    entropy: [...counts.values()].reduce(
      (sum, c) => sum - (c / values.length) * Math.log2(c / values.length),
      0,
    ),
  };
}

function expectTextbook(found: All, values: readonly number[]): void {
  for (const [name, value] of Object.entries(textbook(values))) {
    const slack = 1e-12 * Math.max(1, Math.abs(Number(value)));
    expect(
      Math.abs(Number(found[name]) - Number(value)),
      `${name}: ${found[name]} for ${value}`,
    ).toBeLessThanOrEqual(slack);
  }
}

describe('the figures of --all', () => {
  it('are those of the textbook', async () => {
    const numbers = fc.oneof(
      fc.integer({ min: -20, max: 20 }),
      fc.double({ min: -100, max: 100, noNaN: true }).map((x) => x + 0),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(numbers, { minLength: 1, maxLength: 60 }), async (values) => {
        expectTextbook(await deep(values, 'Float64'), values);
      }),
      { numRuns: 150 },
    );
  });

  it.each(['Float64', 'Int32'] as const)(
    'are so for %s with more values than are counted',
    async (type) => {
      const values = Array.from({ length: 150_000 }, (_, i) => ((i * 7919) % 100_003) - 50_000);
      expectTextbook(await deep(values, type), values);
    },
  );

  it('stop with the memory limit in the message when there is no room to sort', async () => {
    const values = Array.from({ length: 400_000 }, (_, i) => i * 1.5 * (i % 2 === 0 ? 1 : -1));
    await expect(deep(values, 'Float64', 1000)).rejects.toMatchObject({ code: 'MEMORY_LIMIT' });
  });

  it('count texts', async () => {
    const found = await deep(['b', 'a', 'b', 'c', null, 'a', 'b'], 'Utf8');
    expect(found).toMatchObject({
      mode: 'b',
      mode_count: 3,
      antimode: 'c',
      top: 'b (3); a (2); c (1)',
      uniqueness: 0.5,
    });
  });
});

describe('the figures of --approx', () => {
  it.each(['random', 'ascending', 'descending'])(
    'are within the published error for %s values',
    async (order) => {
      const n = 500_000;
      const values = Array.from({ length: n }, (_, i) =>
        order === 'random'
          ? ((i * 7_368_787) % n) + 0.5
          : order === 'ascending'
            ? i + 0.5
            : n - i - 0.5,
      );
      const pl = polars();
      const frame = pl.DataFrame([pl.Series('x', values, pl.Float64)]);
      const run = async (rows: number) => {
        const [facts] = await survey(relationOf(frame, rows), {
          depth: { ...DEFAULT_DEPTH, sketch: true },
        });
        return figuresOf(facts as NonNullable<typeof facts>, [0.01, 0.1, 0.9, 0.99]) as All;
      };
      const found = await run(n);
      expect(found['quantiles_exact']).toBe(false);
      // Every value comes once: none is frequent.
      expect(found).toMatchObject({ mode: null, top: null });
      const levels = Math.ceil(Math.log2(n / 4096));
      const bound = (n * levels) / (2 * 4096) + 1;
      for (const [name, p] of [
        ['p1', 0.01],
        ['q1', 0.25],
        ['median', 0.5],
        ['p99', 0.99],
      ] as const) {
        expect(Math.abs(Number(found[name]) - p * n), name).toBeLessThan(bound);
      }
      expect(await run(12_345)).toEqual(found);
    },
  );
});

describe('patterns', () => {
  const pattern = (...values: string[]): string | null =>
    patternOf(
      values.map((value) => ({ value, count: 1 })),
      values.length,
    );

  it.each([
    ['uuid', '123e4567-e89b-12d3-a456-426614174000'],
    ['e-mail', 'ada@example.org'],
    ['url', 'https://example.org/a?b'],
    ['ipv4', '192.168.0.255'],
    ['ipv6', '2001:db8::1'],
    ['mac address', '00:1b:44:11:3a:b7'],
    ['date', '2024-02-29'],
    ['timestamp', '2024-02-29 10:00:00Z'],
    ['integer', '007'],
    ['number', '-1.5e3'],
    ['colour', '#a1b2c3'],
    ['Aa-999', 'Zq-017'],
  ])('knows %s', (name, text) => {
    expect(pattern(text)).toBe(name);
  });

  it.each(['256.1.1.1', 'a@b', '1:2', '12 cm é'])('does not take %s for an address', (text) => {
    expect(pattern(text)).not.toMatch(/ip|mail/);
  });

  it('says which share fits when nearly all do', () => {
    expect(pattern(...Array.from({ length: 39 }, (_, i) => `a${i}@b.org`), 'nobody')).toBe(
      'e-mail (97 %)',
    );
  });
});

it('the next double is the next double', () => {
  expect([nextUp(1), nextUp(0), nextUp(-5e-324), nextUp(-1)]).toEqual([
    1 + 2 ** -52,
    5e-324,
    -0,
    -1 + 2 ** -53,
  ]);
});
