import { expect, test } from 'vitest';
import { folderWith, nairobi } from './nairobi.ts';

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
  expect(stderr).toContain('1 rows rejected');
  expect(stderr).toContain('t.csv:3');
});
