import { describe, expect, it } from 'vitest';
import { polars } from '../../../src/compute/polars.ts';
import { parseRules, timeOf } from '../../../src/compute/stats/rules-file.ts';
import { answer } from '../../../src/engine/stats/answers.ts';
import { csv, relationOf } from '../../compute/relations.ts';

const ask = async (table: ReturnType<typeof csv>, rules: object) => {
  const parsed = parseRules(JSON.stringify(rules), 'rules.json');
  const { data } = await answer({ is: 'expect', rules: parsed }, relationOf(table, 3), {
    columns: undefined,
  });
  const found = data['violations'] as { rule: string; count: number; examples: string[] }[];
  return found.map(({ rule, count, examples }) => [rule, count, ...examples]);
};

describe('rules that cannot be meant are refused', () => {
  it.each([
    'null',
    '[]',
    '3',
    '{"rows":3}',
    '{"rows":{"min":"1"}}',
    '{"rows":{"min":1.5}}',
    '{"rows":{"mn":1}}',
    '{"rows":{"min":5,"max":4}}',
    '{"columns":null}',
    '{"columns":{"a":null}}',
    '{"columns":{"a":3}}',
    '{"columns":{"a":{"values":{}}}}',
    '{"columns":{"a":{"values":[]}}}',
    '{"columns":{"a":{"values":[[1]]}}}',
    '{"columns":{"a":{"constructor":1}}}',
    '{"columns":{"a":{"nulls":5}}}',
    '{"columns":{"a":{"min":5,"max":1}}}',
    '{"columns":{"a":{"min":"2024-02-01","max":"2024-01-01"}}}',
    '{"columns":{"a":{"min":"2024-02-31"}}}',
    '{"columns":{"a":{"min":"soon"}}}',
    '{"columns":{"a":{"freshness":"soon"}}}',
    '{"columns":{"a":{"unique":"yes"}}}',
  ])('%s', (text) => {
    expect(() => parseRules(text, 'rules.json')).toThrow(
      expect.objectContaining({ code: 'BAD_DATA' }),
    );
  });

  it.each([
    [{ x: { pattern: '(' } }],
    [{ x: { min: 1 } }],
    [{ n: { min: '2024-01-01' } }],
    [{ f: { values: ['1'] } }],
  ])('%j does not fit its column', async (columns) => {
    await expect(ask(csv('x,n,f\na,1,0.5\n'), { columns })).rejects.toMatchObject({
      code: 'BAD_DATA',
    });
  });
});

describe('rules', () => {
  it('hold dates and timestamps against bounds, to the last tick', async () => {
    const pl = polars();
    const days = csv('day\n2024-01-31\n2024-02-01\n2024-02-02\n').select(
      pl.col('day').str.strptime(pl.Date, '%Y-%m-%d'),
    );
    const february = { columns: { day: { min: '2024-02-01', max: '2024-02-01' } } };
    expect(await ask(days, february)).toEqual([
      ['min', 1, '2024-01-31'],
      ['max', 1, '2024-02-02'],
    ]);
    for (const [unit, perMs] of [
      ['ms', 1n],
      ['us', 1_000n],
      ['ns', 1_000_000n],
    ] as const) {
      const noon = BigInt(Date.UTC(2024, 0, 1, 12)) * perMs;
      const table = csv(`t\n${[noon - 1n, noon, noon + 1n].join('\n')}\n`);
      const times = table.select(pl.col('t').cast(pl.Datetime(unit)));
      const found = await ask(times, {
        columns: { t: { min: '2024-01-01T13:00+01:00', max: '2024-01-01 12:00:00' } },
      });
      expect(found.map(([rule, count]) => [rule, count])).toEqual([
        ['min', 1],
        ['max', 1],
      ]);
    }
  });

  it('compare fractions as numbers', async () => {
    const rules = { columns: { f: { values: [1, 0.5] } } };
    expect(await ask(csv('f\n1.0\n0.5\n2.0\n'), rules)).toEqual([['values', 1, '2.0']]);
  });

  it('compare integers of any length digit by digit', async () => {
    const rules = { columns: { n: { values: ['9007199254740993'] } } };
    const table = csv('n\n9007199254740993\n9007199254740992\n');
    expect(await ask(table, rules)).toEqual([['values', 1, '9007199254740992']]);
  });

  it('know the days of the calendar', () => {
    expect(timeOf('2024-02-29')).toBe(Date.UTC(2024, 1, 29));
    expect(timeOf('2023-02-29')).toBeUndefined();
    expect(timeOf('2024-01-01 12:00')).toBe(Date.UTC(2024, 0, 1, 12));
    expect(timeOf('2024-01-01T12:00:00.5-02:00')).toBe(Date.UTC(2024, 0, 1, 14, 0, 0, 500));
  });
});
