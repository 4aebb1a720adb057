import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';
import { nairobi, ROOT, shell } from './nairobi.ts';

const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};

describe('nairobi', () => {
  test('says its version', () => {
    const { stdout, stderr, code } = nairobi(['--version']);
    expect(stdout).toBe(`nairobi/${version} linux-${process.arch} node-${process.version}\n`);
    expect([stderr, code]).toEqual(['', 0]);
  });

  test('shows help that names every command and every exit code', () => {
    const { stdout, code } = nairobi(['--help']);
    for (const id of COMMANDS.keys()) expect(stdout).toMatch(new RegExp(`^ {2}${id} `, 'm'));
    for (const exit of ['0', '1', '2', '3', '4', '5', '75', '124']) {
      expect(stdout).toMatch(new RegExp(`\\b${exit} {2}`));
    }
    expect(code).toBe(0);
  });

  test('shows the same help without arguments, with -h and with the word help', () => {
    const help = nairobi(['--help']);
    expect(nairobi([])).toEqual(help);
    expect(nairobi(['-h'])).toEqual(help);
    expect(nairobi(['help'])).toEqual(help);
  });

  test('suggests the command that was meant and ends with 2', () => {
    const { stdout, stderr, code } = nairobi(['docter']);
    expect(stderr).toBe('nairobi: No command "docter"\n  hint: did you mean "doctor"?\n');
    expect([stdout, code]).toEqual(['', 2]);
  });

  test.each([...COMMANDS.keys()])('shows help of %s in two ways, with an example', (id) => {
    const help = nairobi([id, '--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('USAGE\n');
    expect(help.stdout).toContain('EXAMPLES\n');
    expect(nairobi(['help', id])).toEqual(help);
  });

  test.each([...COMMANDS.keys()])('%s refuses a flag it does not know, with exit code 2', (id) => {
    const { stdout, stderr, code } = nairobi([id, '--no-such-flag']);
    expect(stderr).toMatch(/^nairobi: .*--no-such-flag/);
    expect(stderr).toContain(`hint: see "nairobi ${id} --help"`);
    expect([stdout, code]).toEqual(['', 2]);
  });

  test('reports wrong usage as one JSON object on stderr with --json', () => {
    const { stdout, stderr, code } = nairobi(['doctor', '--json', '--no-such-flag']);
    const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ code: 'USAGE', exit: 2 });
    expect([stdout, code]).toEqual(['', 2]);
  });

  test('says in one line which value of which flag it cannot read', () => {
    const { stderr, code } = nairobi(['doctor', '--timeout', 'soon']);
    expect(stderr).toBe(
      'nairobi: --timeout: Cannot read "soon" as a duration\n' +
        '  hint: write a number with a unit, such as 250ms, 30s, 5m, 12h or 30d\n',
    );
    expect(code).toBe(2);
  });

  test('refuses an old Node with exit code 3 and says what to do', () => {
    const old = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' })`;
    const { stderr, code } = shell(
      `"${process.execPath}" --import "data:text/javascript,${encodeURI(old)}" ` +
        `"${ROOT}/bin/run.js" --version`,
    );
    expect(stderr).toMatch(/^nairobi: Node.js 22\.12 or newer is needed/);
    expect(stderr).toContain('npm run setup');
    expect(code).toBe(3);
  });

  test('runs from the sources too', () => {
    const { stdout } = shell(`"${process.execPath}" "${ROOT}/bin/dev.js" --version`);
    expect(stdout).toBe(nairobi(['--version']).stdout);
  });

  test('runs through a symbolic link, as npm installs it', () => {
    const { stdout } = shell(`cd "$(mktemp -d)" && ln -s "${ROOT}/bin/nairobi" n && ./n --version`);
    expect(stdout).toBe(nairobi(['--version']).stdout);
  });
});
