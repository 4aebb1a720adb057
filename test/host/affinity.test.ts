import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { pinTo } from '../../src/host/affinity.ts';

describe('pinTo', () => {
  it('moves every thread of the process', () => {
    const module: string = new URL('../../src/host/affinity.ts', import.meta.url).href;
    const script = `
      const { readdirSync, readFileSync } = await import('node:fs');
      const { pinTo } = await import('${module}');
      pinTo('0');
      const masks = readdirSync('/proc/self/task').map((tid) =>
        /Cpus_allowed_list:\\s*(.*)/.exec(readFileSync('/proc/self/task/' + tid + '/status', 'utf8'))[1]);
      console.log(JSON.stringify([...new Set(masks)]));`;
    const args = ['--input-type=module', '-e', script];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('["0"]\n');
  });

  it('refuses what is no list, and CPUs that are not there', () => {
    expect(() => pinTo('a')).toThrow(/--cpus/);
    expect(() => pinTo('')).toThrow(/--cpus/);
    expect(() => pinTo('8191')).toThrow(/None of the CPUs/);
  });
});
