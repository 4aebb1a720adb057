import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, nairobi, ROOT } from './nairobi.ts';

const WEATHER = readFileSync(join(ROOT, 'node_modules/vega-datasets/data/seattle-weather.csv'));

describe('--where and --sql in front of a command', () => {
  it('leave stats the rows they say', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const args = ['stats', 'weather.csv', 'wind', '--get', 'count'];
    expect(nairobi([...args, '--where', "weather = 'rain' -- only"], { cwd }).stdout).toBe('641\n');
    const sql = 'select wind * 2 as wind from data limit 10';
    expect(nairobi([...args, '--sql', sql], { cwd }).stdout).toBe('10\n');
  });

  it('leave plot the rows they say', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const sql = "select date_trunc('year', date) as year, max(wind) as wind from data group by 1";
    const args = ['plot', 'weather.csv', '-x', 'year', '-y', 'wind', '-o', 'p.svg', '--json'];
    const { code, stdout } = nairobi([...args, '--sql', sql], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 4 });
  });

  it('are not said together, and point at what they do not know', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const both = nairobi(['stats', 'weather.csv', '--where', 'true', '--sql', 'select 1'], { cwd });
    expect(both.code).toBe(2);
    const unknown = nairobi(['stats', 'weather.csv', '--where', 'wnd > 1'], { cwd });
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('did you mean "wind"');
  });
});
