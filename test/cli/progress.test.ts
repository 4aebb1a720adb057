import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { folderWith, shell } from './nairobi.ts';

const SLOW = "(printf 'a\\n1\\n'; sleep 2.3; printf '2\\n')";
/** The rest comes when progress was told of the start: on a busy host that takes seconds. */
const WAITING =
  "(printf 'a\\n1\\n'; for i in $(seq 200); do grep -Eqs 'B/s|progress' told && break; sleep 0.1; done; printf '2\\n')";
const ASK = "query 'select sum(a) as s from stdin'";
const hasScript = spawnSync('script', ['--version']).status === 0;

/** The same on a terminal: script(1) makes one, and writes down what is on it. */
const onTerminal = (line: string): string =>
  shell(`script -qfec '${line.replaceAll("'", "'\\''")}' told`, { cwd: folderWith({}) }).stdout;

describe('--progress', () => {
  it('is quiet where stderr is no terminal, and JSON on request', () => {
    const cwd = folderWith({});
    const run = `${SLOW} | nairobi ${ASK}`;
    const { stdout, stderr } = shell(
      `${run} 2>quiet; cat quiet >&2; ${WAITING} | nairobi ${ASK} --progress json 2>told; cat told >&2`,
      { cwd },
    );
    expect(stdout).toBe('s\n3\ns\n3\n');
    const lines = stderr.trim().split('\n');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ progress: { total: null } });
    }
  });

  it.skipIf(!hasScript)('draws on a terminal and takes its line away before the answer', () => {
    const seen = onTerminal(`${WAITING} | $NAIROBI ${ASK} --format csv`);
    expect(seen).toMatch(/^\s*\d+(\.\d+)? [KM]?i?B, \d+\.\d MB\/s/);
    expect(seen.endsWith('\r\u001b[Ks\r\n3\r\n')).toBe(true);
    expect(onTerminal(`${SLOW} | TERM=dumb $NAIROBI ${ASK} --format csv`)).toBe('s\r\n3\r\n');
  });

  it.skipIf(!hasScript)('takes its line away when a signal ends it', () => {
    const run = `mkfifo f; $NAIROBI ${ASK} <f & exec 3>f; printf 'a\n1\n' >&3`;
    // The brackets: told has this very line, too.
    const wait = 'for i in $(seq 200); do grep -qs "B/[s]" told && break; sleep 0.1; done';
    const seen = onTerminal(`${run}; ${wait}; kill -TERM $!; wait $!; echo code $?`);
    const plain = seen.replaceAll('\u001b[K', '<erase>');
    expect(plain).toMatch(/B\/s<erase>\r(\d.*<erase>\r)*\r<erase>(Terminated)?\s*code 143\r\n$/);
  });
});
