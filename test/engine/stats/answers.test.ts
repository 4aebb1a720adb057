import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { polars } from '../../../src/compute/polars.ts';
import {
  type Drift,
  ksDistance,
  parseBound,
  pastBounds,
} from '../../../src/compute/stats/drift.ts';
import { type Multiset, multisetOf } from '../../../src/compute/stats/multiset.ts';
import { parseRules } from '../../../src/compute/stats/rules-file.ts';
import { answer, type Question } from '../../../src/engine/stats/answers.ts';
import { csv, relationOf } from '../../compute/relations.ts';
import { duck, near } from './second-figures.ts';

const DATA = path.resolve('node_modules/vega-datasets/data');
const WEATHER = path.join(DATA, 'seattle-weather.csv');
const weather = () =>
  relationOf(polars().readCSV(WEATHER, { truncateRaggedLines: false, ignoreErrors: false }));
const options = { columns: undefined };

describe('groups', () => {
  it('have the figures DuckDB has, however the rows are cut', async () => {
    const frame = polars().readCSV(WEATHER, { truncateRaggedLines: false, ignoreErrors: false });
    const question: Question = { is: 'by', key: 'weather' };
    const wholeData = (await answer(question, relationOf(frame), { columns: ['wind'] })).data;
    expect((await answer(question, relationOf(frame, 100), { columns: ['wind'] })).data).toEqual(
      wholeData,
    );
    const groups = wholeData['groups'] as Record<string, unknown>[];
    const theirs = await duck(
      `select weather, count(wind), min(wind), max(wind), sum(wind), avg(wind), stddev_samp(wind) from '${WEATHER}' group by 1 order by 1`,
    );
    expect(groups.map(({ key }) => key)).toEqual(theirs.map(([key]) => key));
    for (const [i, row] of theirs.entries()) {
      const { count, min, max, sum, mean, sd } = groups[i] ?? {};
      for (const [j, ours] of [count, min, max, sum, mean, sd].entries()) near(ours, row[j + 1]);
    }
  });

  it('keep rows without a key as a group of their own', async () => {
    const { data } = await answer(
      { is: 'by', key: 'k' },
      relationOf(csv('k,x\na,1\n,2\na,\n')),
      options,
    );
    const groups = data['groups'] as Record<string, unknown>[];
    expect(groups.map(({ key, count, nulls }) => [key, count, nulls])).toEqual([
      ['a', 1, 1],
      [null, 1, 0],
    ]);
  });
});

describe('histogram and frequencies', () => {
  it('count every value once', async () => {
    const hist = await answer({ is: 'hist', column: 'temp_max', bins: 12 }, weather(), options);
    const bins = hist.data['bins'] as { low: number; high: number; count: number }[];
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(1461);
    const frame = polars().readCSV(WEATHER, { truncateRaggedLines: false, ignoreErrors: false });
    const values = frame.getColumn('temp_max').toArray() as number[];
    for (const [i, { low, high, count }] of bins.entries()) {
      const inside = values.filter(
        (x) => x >= low && (x < high || (i === bins.length - 1 && x <= high)),
      );
      expect(inside.length).toBe(count);
    }
  });

  it('put the most frequent first, equals in order, nulls among them', async () => {
    const { data } = await answer(
      { is: 'freq', column: 's', top: 10 },
      relationOf(csv('s,t\nb,1\na,1\n,1\nb,1\n,1\n')),
      options,
    );
    const values = data['values'] as { value: unknown; count: number; share: number }[];
    expect(values.map(({ value, count }) => [value, count])).toEqual([
      ['b', 2],
      [null, 2],
      ['a', 1],
    ]);
    expect(values[2]?.share).toBe(0.2);
  });
});

const multiset = (list: readonly number[]): Multiset => {
  const counts = new Map<number, number>();
  for (const value of list) counts.set(value, (counts.get(value) ?? 0) + 1);
  const made = multisetOf({ distinct: { count: counts.size, exact: true, values: [...counts] } });
  if (made === undefined) throw new Error('the values are there');
  return made;
};

describe('drift', () => {
  it('measures the distance of Kolmogorov and Smirnov as its definition does', () => {
    const list = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const share = (of: readonly number[], x: number): number =>
          of.filter((y) => y <= x).length / of.length;
        const distances = [...a, ...b].map((x) => Math.abs(share(a, x) - share(b, x)));
        expect(ksDistance(multiset(a), multiset(b))).toBeCloseTo(Math.max(...distances), 12);
      }),
    );
  });

  it('finds new, lost and changed columns, and fails past its bounds', async () => {
    const other = relationOf(csv('a,b,c\n1,x,1\n2,x,2\n3,y,3\n'));
    const bounds = ['types', 'ks>0.5']
      .map((text) => parseBound(text))
      .filter((bound) => bound !== undefined);
    const now = relationOf(csv('a,b,d\n101,x,1\n102,z,2\n103,y,3\n'));
    const { data, failures } = await answer({ is: 'compare', other, bounds }, now, options);
    const drift = data['columns'] as Drift[];
    expect(drift.map(({ column, change }) => [column, change])).toEqual([
      ['a', 'same'],
      ['b', 'same'],
      ['c', 'removed'],
      ['d', 'added'],
    ]);
    expect(drift[0]).toMatchObject({ mean_shift: 100, ks: 1 });
    expect(failures).toEqual(['a: ks>0.5', 'c: types', 'd: types']);
    expect(pastBounds(drift, [])).toEqual([]);
    expect(parseBound('psi<1')).toBeUndefined();
  });
});

describe('rules', () => {
  const table = () => relationOf(csv('id,t,s\n1,5,ok\n2,-3,bad\n2,90,ok\n4,,odd\n'), 2);
  const check = async (rules: object) => {
    const question: Question = {
      is: 'expect',
      rules: parseRules(JSON.stringify(rules), 'rules.json'),
    };
    return (await answer(question, table(), options)).data['violations'] as Record<
      string,
      unknown
    >[];
  };

  it('are silent when they are kept', async () => {
    expect(
      await check({
        rows: { min: 4, max: 4 },
        columns: {
          t: { type: 'Int64', min: -3, max: 90, nulls: 0.25 },
          s: { pattern: '^[a-z]+$' },
        },
      }),
    ).toEqual([]);
  });

  it('list every breach with a count and examples', async () => {
    const found = await check({
      rows: { min: 5 },
      columns: {
        id: { unique: true, type: 'String' },
        t: { min: 0, max: 50, nulls: 0.1 },
        s: { values: ['ok'], pattern: '^o' },
        x: {},
      },
    });
    expect(
      found.map(({ column, rule, count, examples }) => [column, rule, count, examples]),
    ).toEqual([
      [null, 'rows', null, []],
      ['id', 'type', null, []],
      ['id', 'unique', 1, ['2']],
      ['t', 'nulls', 1, []],
      ['x', 'exists', null, []],
      ['t', 'min', 1, ['-3']],
      ['t', 'max', 1, ['90']],
      ['s', 'values', 2, ['bad', 'odd']],
      ['s', 'pattern', 1, ['bad']],
    ]);
  });

  it('know how old the latest timestamp is', async () => {
    const rules = { columns: { at: { freshness: '1h' } } };
    const ask = (text: string) =>
      answer(
        { is: 'expect', rules },
        relationOf(csv(`at,x\n2020-01-01T00:00:00Z,1\n${text},2\n`)),
        options,
      );
    expect((await ask(new Date().toISOString())).failures).toEqual([]);
    expect((await ask('2020-01-02T00:00:00Z')).failures).toHaveLength(1);
  });

  it.each(['{', '{"columns":{"a":{"minimum":1}}}', '{"columns":{"a":{"min":"1"}}}', '{"cols":{}}'])(
    'are refused when misspelt: %s',
    (text) => {
      expect(() => parseRules(text, 'rules.json')).toThrow(
        expect.objectContaining({ code: 'BAD_DATA' }),
      );
    },
  );
});

it('a schema has the bounds that were measured', async () => {
  const { data } = await answer(
    { is: 'schema' },
    relationOf(csv('n,s\n1,a\n2,b\n3,a\n4,b\n,a\n')),
    options,
  );
  expect(data).toMatchObject({
    properties: {
      n: { type: ['integer', 'null'], 'x-type': 'Int64', minimum: 1, maximum: 4 },
      s: { enum: ['a', 'b'] },
    },
    required: ['s'],
  });
});
