/** The package as it is published: packed, unpacked elsewhere, used from there. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const hasTools = ['npm', 'tar'].every((name) => spawnSync(name, ['--version']).status === 0);
if (!hasTools) console.warn('skipped: npm or tar is missing');

let folder: string;

/** What npm would install: the files of the package, and beside it what it depends on. */
beforeAll(() => {
  if (!hasTools) return;
  folder = mkdtempSync(path.join(tmpdir(), 'nairobi-packed-'));
  const words = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  execFileSync('npm', words, { cwd: ROOT, stdio: ['ignore', 'ignore', 'ignore'] });
  const [archive = ''] = readdirSync(folder);
  const modules = path.join(folder, 'node_modules');
  const home = path.join(modules, 'nairobi');
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', path.join(folder, archive), '-C', home, '--strip-components=1']);
  const { devDependencies } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  for (const name of installed().filter((one) => !(one in devDependencies))) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
  }
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(path.join(folder, 't.csv'), 'a,s\n1,x\n41,y\n');
});
afterAll(() => {
  if (hasTools) rmSync(folder, { recursive: true, force: true });
});

/** npm puts what packages need side by side. */
const installed = (): string[] =>
  readdirSync(path.join(ROOT, 'node_modules'))
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@')
        ? readdirSync(path.join(ROOT, 'node_modules', name)).map((one) => `${name}/${one}`)
        : [name],
    );

const run = (command: string, ...args: readonly string[]) => {
  const { stdout, stderr, status } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` },
  });
  return { stdout, stderr, status };
};

const PROGRAM = `
const sum = await (await readCsv('t.csv')).col('a').sum();
console.log(sum, isNairobiError(new Error('x')), typeof connect);
`;

describe.skipIf(!hasTools)('the packed package', () => {
  test('is imported by name, and required where Node can require a module', () => {
    const names = '{ connect, isNairobiError, readCsv }';
    writeFileSync(path.join(folder, 'm.mjs'), `import ${names} from 'nairobi';${PROGRAM}`);
    const required = `const ${names} = require('nairobi'); (async () => {${PROGRAM}})();`;
    writeFileSync(path.join(folder, 'r.cjs'), required);
    for (const file of ['m.mjs', 'r.cjs']) {
      const answer = run(process.execPath, '--no-warnings', file);
      expect(answer).toEqual({ stdout: '42 false function\n', stderr: '', status: 0 });
    }
  });

  test('lets nobody in behind its exports', () => {
    const code = `import('nairobi/dist/library.js').catch((error) => console.log(error.code))`;
    const { stdout } = run(process.execPath, '-e', code);
    expect(stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });

  test.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('has its types with module %s and moduleResolution %s', (module, moduleResolution) => {
    const code =
      `import { connect, read, readCsv, isNairobiError, type Frame, type Row } from 'nairobi';\n` +
      'const frame: Frame = await readCsv("t.csv");\n' +
      'const mean: number | null = await frame.col("a").mean();\n' +
      'const rows: readonly Row[] = (await frame.query("from data")).rows;\n' +
      'using daemon = await connect();\n' +
      'type Mark = NonNullable<NonNullable<Parameters<Frame["plot"]>[0]>["mark"]>;\n' +
      'const closed: "pie" extends Mark ? never : true = true;\n' +
      'export { closed, daemon, isNairobiError, mean, read, rows };\n';
    writeFileSync(path.join(folder, 'types.ts'), code);
    // No types of Node, and the library of the language as it was before it had "using".
    const options = { module, moduleResolution, target: 'es2022', lib: ['es2022'], types: [] };
    const compilerOptions = { ...options, strict: true, noEmit: true, skipLibCheck: false };
    const config = { compilerOptions, files: ['types.ts'] };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
    expect(run(path.join(ROOT, 'node_modules/.bin/tsc'), '-p', '.')).toMatchObject({
      stdout: '',
      status: 0,
    });
  });

  test('has a program that works from there', () => {
    const program = path.join(folder, 'node_modules/nairobi/bin/nairobi');
    const answer = run('/bin/sh', program, 'query', 'select sum(a) as s from data', 't.csv');
    expect(answer).toMatchObject({ stderr: '', status: 0 });
    expect(answer.stdout).toContain('42');
  });
});
