/** Columns called what every JavaScript object has already. */
import { describe, expect, it } from 'vitest';
import { folderWith, nairobi } from './nairobi.ts';

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
const FILES = {
  'n.csv': `${NAMES.join(',')}\n5,6,7,8,x\n8,9,10,11,y\n`,
  'n.ndjson': '{"__proto__":5,"constructor":6,"toString":7,"hasOwnProperty":8,"valueOf":"x"}\n',
};

describe('columns called like what every object has', () => {
  it.each(Object.keys(FILES))('are columns like others: %s', (file) => {
    const cwd = folderWith(FILES);
    const sql = `select "__proto__", "constructor" + "toString" as s, "valueOf" from '${file}' limit 1`;
    const { stdout, stderr } = nairobi(['query', sql], { cwd });
    expect(stderr).toBe('');
    expect(stdout).toBe('__proto__,s,valueOf\n5,13,x\n');
    const json = nairobi(['query', `select * from '${file}' limit 1`, '--json'], { cwd });
    for (const name of NAMES) expect(json.stdout).toContain(`"${name}":`);
  });

  it('have the types that are given for them', () => {
    const cwd = folderWith(FILES);
    const types = ['--types', '__proto__=text,constructor=double'];
    const sql = `select typeof("__proto__") as a, typeof("constructor") as b from 'n.csv' limit 1`;
    const { stdout, stderr } = nairobi(['query', sql, ...types], { cwd });
    expect(stderr).toBe('');
    expect(stdout).toBe('a,b\nVARCHAR,DOUBLE\n');
  });

  it('have figures', () => {
    const cwd = folderWith(FILES);
    const { stdout } = nairobi(['stats', 'n.csv', '--json'], { cwd });
    const { columns } = JSON.parse(stdout) as { columns: { column: string; type: string }[] };
    expect(columns.map(({ column }) => column)).toEqual(NAMES);
  });
});
