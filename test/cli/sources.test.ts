import { describe, expect, it } from 'vitest';
import { folderWith, nairobi } from './nairobi.ts';

const files = {
  'a.csv': 'id,temp\n1,2.5\n2,3\n',
  'b.csv': 'id,temp\n3,4.5\n',
  'c.csv': 'id,tmp\n5,1\n',
  'h/day=1/x.csv': 'id\n1\n',
  'h/day=2/x.csv': 'id\n2\n',
};

describe('--files-from', () => {
  it('makes one table of the files of a list, with their partition keys', () => {
    const cwd = folderWith(files);
    const sql = 'select count(*) as n, sum(id) as s from data';
    const lines = nairobi(['query', sql, '--files-from', '-'], { cwd, input: 'a.csv\nb.csv\n' });
    expect(lines.stdout).toBe('n,s\n3,6\n');
    const input = 'h/day=1/x.csv\0h/day=2/x.csv\0';
    const nul = nairobi(['query', 'from data order by id', '--files-from', '-'], { cwd, input });
    expect(nul.stdout).toBe('id,day\n1,1\n2,2\n');
  });

  it('takes the place of the source in stats, plot and ingest', () => {
    const cwd = folderWith({ ...files, list: 'a.csv\nb.csv\n' });
    const from = ['--files-from', 'list'];
    expect(nairobi(['stats', ...from, 'temp', '--get', 'max'], { cwd }).stdout).toBe('4.5\n');
    const plotted = nairobi(['plot', ...from, '-x', 'id', '-y', 'temp', '-o', 'p.svg'], { cwd });
    expect(plotted.code).toBe(0);
    expect(nairobi(['ingest', ...from, '-o', 'o.csv'], { cwd }).stderr).toContain('3 rows');
    expect(nairobi(['stats', 'a.csv', 'id', ...from], { cwd }).code).toBe(2);
  });

  it('says what is wrong with a list', () => {
    const cwd = folderWith(files);
    const empty = nairobi(['stats', '--files-from', '-'], { cwd, input: '\n' });
    expect(empty.stderr).toContain('The list of files is empty');
    const missing = nairobi(['stats', '--files-from', '-'], { cwd, input: '*.csv\n' });
    expect(missing.stderr).toContain('Cannot read "*.csv"');
  });
});

describe('--schema', () => {
  it('holds query, plot and ingest to what stats wrote', () => {
    const cwd = folderWith(files);
    const schema = nairobi(['stats', 'a.csv', '--schema'], { cwd }).stdout;
    const held = folderWith({ ...files, 's.json': schema });
    const commands = (file: string): string[][] => [
      ['query', 'from data', file],
      ['plot', file, '-o', 'p.svg'],
      ['ingest', file, '-o', 'o.parquet'],
    ];
    for (const args of commands('b.csv')) {
      expect(nairobi([...args, '--schema', 's.json'], { cwd: held }).code).toBe(0);
    }
    for (const args of commands('c.csv')) {
      const { code, stderr } = nairobi([...args, '--schema', 's.json'], { cwd: held });
      expect(code).toBe(1);
      expect(stderr).toContain('There is no column "temp", which s.json names');
    }
  });

  it('is for one table where it names one', () => {
    const cwd = folderWith({ ...files, 's.json': '{"id":"text","temp":"decimal(5,2)"}' });
    const sql = 'select a.id, temp, tmp from a, c';
    const { stdout } = nairobi(['query', sql, 'a.csv', 'c.csv', '--schema', 'a=s.json'], { cwd });
    expect(stdout).toBe('id,temp,tmp\n1,2.50,1\n2,3.00,1\n');
  });
});

describe('--types', () => {
  it('may name a column of any table, and a partition key', () => {
    const cwd = folderWith(files);
    const sql = 'select temp, tmp from a, c limit 1';
    const joined = nairobi(['query', sql, 'a.csv', 'c.csv', '--types', 'tmp=text'], { cwd });
    expect(joined.stdout).toBe('temp,tmp\n2.5,1\n');
    const key = nairobi(
      ['query', "select day || '!' as d from 'h' limit 1", '--types', 'day=text'],
      {
        cwd,
      },
    );
    expect(key.stdout).toBe('d\n1!\n');
  });
});

describe('several files as one table', () => {
  it('are matched by name, and name themselves, in stats and plot as in query', () => {
    const cwd = folderWith(files);
    const flags = ['--union-by-name', '--filename-col', 'file'];
    const asked = nairobi(['stats', '[ac].csv', 'tmp', '--get', 'nulls', ...flags], { cwd });
    expect(asked.stdout).toBe('2\n');
    const names = nairobi(['stats', '[ac].csv', 'file', '--get', 'max', ...flags], { cwd });
    expect(names.stdout).toBe('c.csv\n');
    const marks = ['-x', 'file', '-y', 'id', '--mark', 'bar', '-o', 'p.svg'];
    expect(nairobi(['plot', '[ac].csv', ...marks, ...flags], { cwd }).code).toBe(0);
    expect(nairobi(['stats', '[ac].csv'], { cwd }).stderr).toContain('--union-by-name');
  });
});
