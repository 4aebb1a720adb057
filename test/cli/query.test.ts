import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { folderWith, nairobi, ROOT, shell } from './nairobi.ts';

const WEATHER = readFileSync(join(ROOT, 'node_modules/vega-datasets/data/seattle-weather.csv'));

describe('nairobi query', () => {
  it('answers from a file named behind FROM, as CSV in a pipe', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const sql =
      "select weather, count(*) from 'weather.csv' group by weather order by 2 desc limit 2";
    expect(nairobi(['query', sql], { cwd })).toEqual({
      code: 0,
      stdout: 'weather,count\nrain,641\nsun,640\n',
      stderr: '',
    });
  });

  it('reads tables named after arguments, and standard input', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const named = nairobi(['query', 'select max(wind) from w', 'w=weather.csv'], { cwd });
    expect(named.stdout).toBe('max\n9.5\n');
    const piped = shell('nairobi query "select count(*) from stdin" < weather.csv', { cwd });
    expect(piped.stdout).toBe('count\n1461\n');
  });

  it('reads what is compressed, by its bytes', () => {
    const cwd = folderWith({
      'w.csv': gzipSync(WEATHER),
      'w.csv.gz': gzipSync(WEATHER).subarray(0, 900),
    });
    expect(nairobi(['query', "select count(*) from 'w.csv'"], { cwd }).stdout).toBe(
      'count\n1461\n',
    );
    const cut = nairobi(['query', "select count(*) from 'w.csv.gz'"], { cwd });
    expect(cut.code).toBe(1);
    expect(cut.stderr).toContain('byte 900');
  });

  it('adds up doubles of a small text exactly, in whatever order they stand', () => {
    const values = [0.1, 1e16, 0.2, -1e16, 0.3, 1e308, 0.4, 1e308, -1e308, -1e308];
    const rows = values.map((value) => `k,${value}`);
    const cwd = folderWith({
      'a.csv': `k,v\n${rows.join('\n')}\n`,
      'b.csv': `k,v\n${rows.toReversed().join('\n')}\n`,
    });
    for (const file of ['a.csv', 'b.csv']) {
      const { stdout } = nairobi(['query', `select k, sum(v) as s from '${file}' group by k`], {
        cwd,
      });
      expect(stdout).toBe('k,s\nk,1.0\n');
    }
  });

  it('keeps every digit in JSON, and two columns of one name', () => {
    const cwd = folderWith({ 'a.csv': 'n\n9007199254740993\n9223372036854775807\n' });
    const { stdout } = nairobi(['query', "select sum(n), n, n from 'a.csv' group by n", '--json'], {
      cwd,
    });
    expect(stdout).toContain('"n":9007199254740993');
    expect(stdout).toContain('"n_1":9223372036854775807');
    expect(JSON.parse(stdout)).toMatchObject({ rowCount: 2, report: { version: 1 } });
    const total = nairobi(['query', "select sum(n) from 'a.csv'"], { cwd });
    expect(total.stdout).toBe('sum\n9232379236109516800\n');
  });

  it('writes a file whole, in the format its name tells', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const made = nairobi(['query', "select * from 'weather.csv'", '-o', 'w.parquet'], { cwd });
    expect(made.code).toBe(0);
    const back = nairobi(['query', "select count(*), max(wind) from 'w.parquet'"], { cwd });
    expect(back.stdout).toBe('count,max\n1461,9.5\n');
  });

  it('binds parameters, which are never spliced', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const sql = "select count(*) from 'weather.csv' where weather = $kind";
    expect(nairobi(['query', sql, '-p', 'kind=rain'], { cwd }).stdout).toBe('count\n641\n');
    const evil = nairobi(['query', sql, '-p', "kind=rain' or 1=1 --"], { cwd });
    expect(evil.stdout).toBe('count\n0\n');
  });

  it('points at what it does not know, with the nearest name', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const { code, stderr } = nairobi(['query', "select wether from 'weather.csv'"], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('       ^');
    expect(stderr).toContain('did you mean "weather"');
    const table = nairobi(['query', 'select 1 from wether', 'weather.csv'], { cwd });
    expect(table.stderr).toContain('did you mean weather');
  });

  it('says what a dry run understood and would read', () => {
    const cwd = folderWith({ 'weather.csv': WEATHER });
    const { stdout } = nairobi(['query', "select max(wind) from 'weather.csv'", '--dry-run'], {
      cwd,
    });
    expect(stdout).toContain('date           Date');
    expect(stdout).toContain('reads weather.csv: wind');
  });

  it('takes no more memory than it was given, or says what it needs', () => {
    const rows = Array.from({ length: 3_500_000 }, (_, row) => `${row},${row % 97}.5\n`).join('');
    const cwd = folderWith({ 'big.csv': `id,v\n${rows}` });
    const limited = ['--memory-limit', '64MiB'];
    const sum = nairobi(['query', "select sum(id), max(v) from 'big.csv'", ...limited], { cwd });
    expect(sum.stdout).toBe('sum,max\n6124998250000,96.5\n');
    const median = nairobi(['query', "select median(v) from 'big.csv'", ...limited], { cwd });
    expect(median.code).toBe(4);
    expect(median.stderr).toContain('--memory-limit');
  });
});
