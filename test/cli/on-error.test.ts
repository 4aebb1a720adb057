import { describe, expect, it, test } from 'vitest';
import { folderWith, nairobi, shell } from './nairobi.ts';

const folder = (): string => folderWith({ 't.csv': 'a,b\n1,2\n1,2,3\n4,x\n' });
const ask = (how: string) =>
  nairobi(
    ['query', "select count(*) n, sum(a) s from 't.csv'", '--on-error', how, '--types', 'b=int'],
    {
      cwd: folder(),
    },
  );

test('by default a bad row ends the run with its place', () => {
  const { code, stdout, stderr } = ask('fail');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('t.csv:3');
});

test('rows that are skipped are counted on stderr, and the exit code is 5', () => {
  const { code, stdout, stderr } = ask('skip');
  expect([code, stdout]).toEqual([5, 'n,s\n2,5\n']);
  expect(stderr).toContain('1 row rejected');
  expect(stderr).toContain('t.csv:3');
});

describe('a late value that a parser would take for another', () => {
  const rows = Array.from({ length: 30_000 }, (_, row) => `${row},${row}.5,,x-${row % 7}`);
  const head = 'i,f,e,k';
  const late = [...rows.slice(0, 25_000), '007,1e400,12,x', ...rows.slice(25_000)];

  it.each(['auto', 'mmap'])('changes the type of its column, and says so (--io %s)', (io) => {
    const cwd = folderWith({ 'a.csv': `${[head, ...late].join('\n')}\n` });
    const sql = "select i, f, e from 'a.csv' where k = 'x'";
    const { stdout, stderr } = nairobi(['query', sql, '--io', io], { cwd });
    expect(stdout).toBe('i,f,e\n007,1e400,12\n');
    expect(stderr).toContain('column i is String and not Int64: it has "007"');
    expect(stderr).toContain('column e is Int64 and not String');
    const types = ['stats', 'a.csv', '--figures', 'type', '--csv', '--io', io, '-q'];
    expect(nairobi(types, { cwd }).stdout).toBe(
      'column,type\ni,String\nf,String\ne,Int64\nk,String\n',
    );
  });

  it('widens what ingest writes, is a bad one where rows are skipped or were written', () => {
    const cwd = folderWith({ 'a.csv': `${[head, ...late].join('\n')}\n`, 'b.csv': 'i\n1\n' });
    const widened = nairobi(['ingest', 'a.csv', '-o', 'o.parquet'], { cwd });
    expect(widened.stderr).toContain('column i is String and not Int64: it has "007"');
    const kept = nairobi(['query', "select i from 'o.parquet' where k = 'x'"], { cwd });
    expect(kept.stdout).toBe('i\n007\n');
    const skipped = nairobi(['ingest', 'a.csv', '-o', 'o.csv', '--on-error', 'skip'], { cwd });
    expect(skipped.code).toBe(5);
    const resume = 'nairobi ingest b.csv -o b.out.csv --state s';
    const grown = shell(`${resume} && echo 007 >> b.csv && ${resume}`, { cwd });
    expect(grown.stderr).toContain('"007" is not Int64');
  });

  it('is taken as a number where the user says that it is one', () => {
    const cwd = folderWith({ 'a.csv': `${[head, ...late].join('\n')}\n` });
    const sql = "select i from 'a.csv' where k = 'x'";
    expect(nairobi(['query', sql, '--types', 'i=int'], { cwd }).stdout).toBe('i\n7\n');
  });
});
