import { describe, expect, it } from 'vitest';
import {
  checkedExpr,
  col,
  collect,
  type DataFrame,
  isLazy,
  polars,
  polarsMessage,
} from '../../src/compute/polars.ts';
import { formatMoment, parseDate, parseDatetime } from '../../src/compute/temporal.ts';
import { columnsOf, dataTypeOf } from '../../src/compute/types.ts';

const texts = (...values: string[]): DataFrame => polars().DataFrame({ t: values });

describe('the names of types', () => {
  it.each([
    'Boolean',
    'String',
    'Int8',
    'Int64',
    'UInt64',
    'Float32',
    'Float64',
    'Date',
    'Time',
    'Datetime(ms)',
    'Datetime(ns, UTC)',
    'Datetime(us, Europe/Rome)',
    // Whatever unit is asked for, a cast gives milliseconds.
    'Duration(ms)',
    'Decimal(38, 2)',
    'List(Int64)',
  ])('%s goes to Polars and comes back', (name) => {
    const pl = polars();
    const frame = collect(
      pl
        .DataFrame({ x: [1] })
        .lazy()
        .select(pl.lit(null).cast(dataTypeOf(name)).alias('x')),
    );
    expect(columnsOf(frame)).toEqual([{ name: 'x', type: name }]);
  });

  it('are found where the JavaScript half of Polars throws', () => {
    const frame = polars().readJSON(
      Buffer.from('{"a":9223372036854775808,"*":1,"l":[9223372036854775808]}\n'),
      {
        format: 'lines',
      },
    );
    expect(() => frame.dtypes).toThrow('Int128');
    expect(columnsOf(frame)).toEqual([
      { name: 'a', type: 'Int128' },
      { name: '*', type: 'Int64' },
      { name: 'l', type: 'List(Int128)' },
    ]);
  });
});

describe('moments', () => {
  const parsed = (text: string, format: string, unit?: 'ns'): string =>
    collect(
      texts(text)
        .lazy()
        .select(parseDatetime(col('t'), format, unit)),
    )
      .writeCSV()
      .toString();

  it.each([
    ['2024-02-31 00:00:00', '%Y-%m-%d %H:%M:%S'],
    ['2024-01-02 03:04:05.9', '%Y-%m-%d %H:%M:%S'],
    ['2024-01-02 03:04:05x', '%Y-%m-%d %H:%M:%S'],
    ['2024-01-02 03:04:05', '%Y-%m-%d %H:%M:%S%#z'],
  ])('"%s" is refused by %s', (text, format) => {
    expect(() => parsed(text, format)).toThrow('conversion from');
  });

  it('keep nanoseconds and come to UTC', () => {
    expect(
      parsed('2024-01-02 03:04:05.123456789+02:00', '%Y-%m-%d %H:%M:%S%.f%#z', 'ns'),
    ).toContain('01:04:05.123456789');
  });

  it('that do not exist are refused or, when lax, null', () => {
    const frame = texts('2024-02-31').lazy();
    expect(() => collect(frame.select(parseDate(col('t'), '%Y-%m-%d')))).toThrow();
    const lax = collect(frame.select(parseDate(col('t'), '%Y-%m-%d', false)));
    expect(lax.getColumn('t').nullCount()).toBe(1);
  });

  it('are written with the digits they need', () => {
    const format = '%Y-%m-%d %H:%M:%S%.f';
    const moments = parseDatetime(col('t'), format);
    const written = collect(
      texts('2024-01-02 03:04:05.5', '2024-01-02 00:00:00')
        .lazy()
        .select(formatMoment(moments, 'Datetime(us)').alias('t')),
    );
    expect(written.getColumn('t').toArray()).toEqual([
      '2024-01-02T03:04:05.500',
      '2024-01-02T00:00:00',
    ]);
  });
});

describe('the door to Polars', () => {
  it('throws what Polars returns as an error', () => {
    const pl = polars();
    expect(() => checkedExpr({ _expr: new Error('returned') } as never)).toThrow('returned');
    expect(() => collect({ _ldf: new Error('returned') } as never)).toThrow('returned');
    expect(() =>
      collect(
        pl
          .DataFrame({ a: [1] })
          .lazy()
          .select(col('nope')),
      ),
    ).toThrow('nope');
  });

  it('tells lazy frames from frames, even those with a column of that name', () => {
    const frame = polars().DataFrame({ _ldf2: [1] });
    expect(isLazy(frame)).toBe(false);
    expect(isLazy(frame.lazy())).toBe(true);
  });

  it('takes a name for a name', () => {
    const frame = polars().DataFrame({ a: [1], ab: [2], star: [3] });
    frame.columns = ['a', '^a.*$', '*'];
    const picked = collect(frame.lazy().select(col('^a.*$'), col('*')));
    expect(picked.writeCSV().toString()).toBe('^a.*$,*\n2.0,3.0\n');
  });

  it('keeps the first sentence of what Polars says', () => {
    const said = new Error('could not parse `x`\n\nYou might want to try:\n- this');
    expect(polarsMessage(said)).toBe('could not parse `x`');
  });
});
