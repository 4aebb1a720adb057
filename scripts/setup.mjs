/**
 * Brings what a fresh checkout lacks (Node, the packages, dist/), then does what was asked:
 *
 *   node scripts/setup.mjs [demo | test | test:full | check | man] [arguments ...]
 *
 * Runs on Node 18 and has no dependencies: it is what runs before there are any. Quick when
 * nothing is missing. Needs no root, no compiler, and only the package registry npm is set up for.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { npmCli, npmEnv, provideNode, QUIET, root } from './runtime.mjs';

/** What each word runs, under the provided Node; the arguments that follow are passed on. */
const TASKS = {
  demo: [['scripts/demo.mjs']],
  test: [['scripts/test.mjs']],
  'test:full': [['scripts/test.mjs', '--full']],
  man: [['scripts/man.ts']],
  check: [
    ['node_modules/typescript/bin/tsc', '-p', '.'],
    ['node_modules/@biomejs/biome/bin/biome', 'check', '.'],
  ],
};

const [task, ...rest] = process.argv.slice(2);
if (task !== undefined && !Object.hasOwn(TASKS, task)) {
  stop(2, `no task "${task}": use ${Object.keys(TASKS).join(', ')}, or none`);
}
const started = performance.now();
const node = provideNode();
providePackages(node);
run(node, ['scripts/build.mjs']);
if (task === undefined) {
  process.stdout.write(`Ready in ${((performance.now() - started) / 1000).toFixed(1)} s. `);
  process.stdout.write('Try: bin/nairobi --help\n');
} else {
  for (const words of TASKS[task]) run(node, [...words, ...rest]);
}

/** Installs exactly what package-lock.json names, unless this very set is there already. */
function providePackages(node) {
  const modules = join(root, 'node_modules');
  // A linked folder is somebody else's to keep.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const stampFile = join(modules, '.nairobi-setup');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(spawnSync(node, ['-p', 'process.version + process.arch']).stdout)
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  process.stderr.write('setup: installing the packages (npm install)\n');
  // Under the new Node: an old one makes npm skip nodejs-polars' binary without a word. Not `npm
  // ci`: it refuses a lock that lacks another platform's package, which a mirror may not carry.
  run(node, [npmCli(), 'install', '--no-save', ...QUIET], npmEnv());
  writeFileSync(stampFile, wanted);
}

/** Runs `node words`; ends with its exit code when it fails. */
function run(node, words, environment = process.env) {
  const env = { ...environment, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` };
  const { status, signal, error } = spawnSync(node, words, { cwd: root, env, stdio: 'inherit' });
  if (error !== undefined) stop(3, `cannot run ${node}: ${error.message}`);
  if (status !== 0) stop(status ?? 1, signal === null ? undefined : `ended by ${signal}`);
}

function stop(code, message) {
  if (message !== undefined) process.stderr.write(`setup: ${message}\n`);
  process.exit(code);
}
