import { describe, expect, test } from 'vitest';
import * as d from '../../src/compute/dsl.ts';
import { collect, polars } from '../../src/compute/polars.ts';

const NODES: Readonly<Record<string, d.Dsl>> = {
  scalars: d.and(
    d.bool(true),
    d.isNotNull(d.int128(-(2n ** 100n))),
    d.isNotNull(d.float64(Number.POSITIVE_INFINITY)),
  ),
  decimal: d.scalar('Decimal', [123n, 38, 2]),
  timestamp: d.scalar('Datetime', [0n, 'Microseconds', { inner: 'UTC' }]),
  duration: d.scalar('Duration', [5n, 'Microseconds']),
  'a typed null': d.nullOf({ List: 'String' }),
  'a strict cast': d.cast(d.column('a'), 'Int128', true),
  ternary: d.ternary(d.binary('Gt', d.column('a'), d.int64(1)), d.column('a'), d.int64(0)),
  coalesce: d.coalesce(d.column('a'), d.int64(0)),
  aggregates: d.binary('Plus', d.agg('Min', d.column('a')), d.agg('Max', d.column('a'))),
  'count, std, var': d.binary(
    'Plus',
    d.cast(d.countOf(d.column('a')), 'Float64'),
    d.binary('Plus', d.std(d.column('a'), 1), d.variance(d.column('a'), 0)),
  ),
  'filter and sort': d.agg(
    'First',
    d.sortBy(d.filter(d.column('a'), d.bool(true)), [
      { node: d.column('a'), descending: true, nullsLast: true },
    ]),
  ),
  over: d.over(d.call({ CumSum: { reverse: false } }, d.column('a')), [d.column('s')]),
  shift: d.shift(d.column('a'), 1),
  range: d.intRange(d.int64(0), d.len),
  physical: d.physical(d.cast(d.column('a'), { Decimal: [15, 2] })),
  'sum across': d.sumAcross(d.column('a'), d.column('a')),
  strings: d.stringCall({ Contains: { literal: true, strict: true } }, d.column('s'), d.text('x')),
  times: d.timeCall('OffsetBy', d.scalar('Date', 0n), d.text('1mo')),
  lists: d.listCall({ Join: true }, d.call('AsList', d.column('s')), d.text(',')),
};

describe('the serialized form of expressions is the installed engine’s', () => {
  const frame = polars()
    .DataFrame({ a: [1, 2, 3], s: ['x', 'y', 'x'] })
    .lazy();
  for (const [name, node] of Object.entries(NODES)) {
    test(name, () => {
      const result = collect(frame.select(d.expression(node, 'result')));
      expect(result.columns).toEqual(['result']);
      expect(result.height).toBeGreaterThan(0);
    });
  }

  test('integers of 128 bits arrive with every digit', () => {
    const value = 170141183460469231731687303715884105727n;
    const frameOf = collect(
      frame.select(d.expression(d.cast(d.int128(value), 'String'), 'v')).limit(1),
    );
    expect(frameOf.rows()[0]).toEqual([value.toString()]);
  });
});
