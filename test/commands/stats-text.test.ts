import { describe, expect, it } from 'vitest';
import { toTable } from '../../src/commands/stats/table.ts';
import {
  allFigures,
  gridOf,
  printed,
  toCsv,
  toMarkdown,
  transpose,
} from '../../src/commands/stats/text.ts';
import type { ColumnFigures } from '../../src/compute/stats/figures.ts';

const columns: ColumnFigures[] = [
  { column: 'id', type: 'Int64', count: 3, max: 9223372036854775807n, mean: 1234567.891, sd: null },
  { column: 'a|b, "c"', type: 'String', count: 3, min: 'x\ny', max: 'z'.repeat(60) },
];
const grid = gridOf(columns, ['type', 'count', 'min', 'max', 'mean', 'sd']);

describe('statistics in print', () => {
  it('keep every digit in CSV and quote what needs it', () => {
    expect(toCsv(grid)).toBe(
      'column,type,count,min,max,mean,sd\n' +
        'id,Int64,3,,9223372036854775807,1234567.891,\n' +
        `"a|b, ""c""",String,3,"x\ny",${'z'.repeat(60)},,\n`,
    );
  });

  it('are a Markdown table whose cells stay cells', () => {
    const [header, rule, , second] = toMarkdown(grid).split('\n');
    expect(header).toBe('| column | type | count | min | max | mean | sd |');
    expect(rule).toBe('| --- | --- | ---: | --- | --- | ---: | ---: |');
    expect(second).toContain('| a\\|b, "c" | String | 3 | x<br>y |');
  });

  it('are aligned on a terminal, with thousands apart, long text cut and no control characters', () => {
    const lines = toTable(grid, { cell: 28 }).split('\n');
    expect(lines[1]).toBe('id        Int64       3          9,223,372,036,854,775,807  1,234,568');
    expect(lines[2]).toContain('x?y');
    expect(lines[2]).toContain(`${'z'.repeat(27)}…`);
  });

  it('tell a null key from the empty text and from the text NULL', () => {
    const keys = [
      ['k', 'count'],
      [null, 2],
      ['', 1],
      ['NULL', 1],
      ['a', 1],
    ] as const;
    const form = { csv: false, markdown: false, transpose: false };
    const told = (more: Partial<typeof form>): string =>
      printed(keys, { ...form, ...more }, { keyed: true });
    expect(told({})).toBe(
      'k       count\nNULL        2\n""          1\n"NULL"      1\na           1\n',
    );
    expect(told({ csv: true })).toBe('k,count\n,2\n"",1\nNULL,1\na,1\n');
    expect(told({ markdown: true })).toContain('| NULL | 2 |\n| "" | 1 |\n| "NULL" | 1 |');
  });

  it('turn on their side', () => {
    expect(transpose(grid)[0]).toEqual(['column', 'id', 'a|b, "c"']);
    expect(transpose(transpose(grid))).toEqual(grid);
  });

  it('list the figures any column has, in their fixed order', () => {
    expect(allFigures(columns)).toEqual(['type', 'count', 'min', 'max', 'mean', 'sd']);
  });

  it('fit the window: shorter texts first, then the rest below, each row named again', () => {
    const text = toTable(grid, { cell: 28, width: 40 });
    const lines = text.split('\n');
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(40);
    expect(lines.filter((line) => line.startsWith('column')).length).toBeGreaterThan(1);
    for (const name of ['type', 'count', 'min', 'max', 'mean']) expect(text).toContain(name);
    expect(
      toTable(
        [
          ['column', 'min'],
          ['x', '日本語のとても長い文字列'],
        ],
        { cell: 8 },
      ),
    ).toBe('column  min\nx       日本語…\n');
  });
});
