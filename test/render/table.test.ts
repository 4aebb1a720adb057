import { describe, expect, it } from 'vitest';
import { renderTable, type TableCells, wantsColor } from '../../src/render/table.ts';

const cells = (extra: Partial<TableCells> = {}): TableCells => ({
  names: ['n', 'text'],
  types: ['Int64', 'String'],
  numeric: [true, false],
  rows: [
    ['1', 'one'],
    ['9007199254740993', null],
  ],
  head: 2,
  tail: 0,
  total: 2,
  ...extra,
});

describe('a table', () => {
  it('has types under the names and numbers flush right', () => {
    expect(renderTable(cells())).toBe(
      [
        '┌──────────────────┬────────┐',
        '│                n │ text   │',
        '│            Int64 │ String │',
        '├──────────────────┼────────┤',
        '│                1 │ one    │',
        '│ 9007199254740993 │ NULL   │',
        '└──────────────────┴────────┘',
        '2 rows, 2 columns',
        '',
      ].join('\n'),
    );
  });

  it('counts wide characters as two columns', () => {
    const table = renderTable(cells({ rows: [['1', '日本']], total: 1, head: 1 }));
    expect(table).toContain('│     1 │ 日本   │');
  });

  it('cuts texts, never numbers', () => {
    const long = 'x'.repeat(200);
    const table = renderTable(cells({ rows: [['9007199254740993', long]], head: 1, total: 1 }), {
      width: 40,
    });
    const lines = table.trimEnd().split('\n').slice(0, -1);
    expect(lines.every((line) => [...line].length === 40)).toBe(true);
    expect(table).toContain('9007199254740993');
    expect(table).toContain('…');
  });

  it('leaves out columns in the middle when there is no room, and says how many are shown', () => {
    const names = Array.from({ length: 20 }, (_, index) => `column_${index}`);
    const table = renderTable(
      {
        names,
        types: names.map(() => 'Int64'),
        numeric: names.map(() => true),
        rows: [names.map(() => '1')],
        head: 1,
        tail: 0,
        total: 1,
      },
      { width: 80 },
    );
    for (const line of table.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
    expect(table).toContain('column_0');
    expect(table).toContain('column_19');
    expect(table).toMatch(/20 columns \(\d shown\)/);
  });

  it('says how many rows there are when some are left out', () => {
    const table = renderTable(cells({ head: 1, tail: 1, total: 1_000 }));
    expect(table).toContain('⋮');
    expect(table).toContain('1,000 rows (2 shown)');
  });

  it('shows control characters instead of sending them', () => {
    const table = renderTable(cells({ rows: [['1', 'a\x1b[31mb\nc']], head: 1, total: 1 }));
    expect(table).toContain('a\\x1b[31mb\\nc');
    expect(table).not.toContain('\x1b');
  });

  it('is in colour only on a terminal, and never with NO_COLOR', () => {
    expect(renderTable(cells(), { color: true })).toContain('\x1b[1m');
    expect(renderTable(cells())).not.toContain('\x1b');
    expect(wantsColor({ isTTY: true }, {})).toBe(true);
    expect(wantsColor({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColor({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColor({}, {})).toBe(false);
  });
});
