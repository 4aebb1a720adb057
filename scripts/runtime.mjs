/**
 * The Node that the program runs under: the binary of the registry's platform package, pinned by
 * checksum in runtime/package-lock.json. It starts in a third of the time of an old system Node,
 * so it is taken even where the host's own would do.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const pinned = join(root, 'scripts/runtime');
const OLDEST = [22, 12];

/** npm without its remarks. */
export const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];

/** The path of a Node new enough, brought from the registry if need be. */
export function provideNode() {
  const ours = join(root, '.runtime/bin/node');
  const { version } = JSON.parse(readFileSync(join(pinned, 'package.json'), 'utf8'));
  if (versionOf(ours) === `v${version}`) return ours;
  process.stderr.write(`setup: bringing Node ${version} into .runtime/\n`);
  const trouble = install(ours);
  if (trouble === undefined) return ours;
  if (isNewEnough(process.versions.node)) {
    process.stderr.write(`setup: ${trouble}; using this Node ${process.version} instead\n`);
    return process.execPath;
  }
  process.stderr.write(
    `setup: ${trouble}\n` +
      `  hint: install Node ${OLDEST.join('.')} or newer by hand (this is ${process.version}), ` +
      'or let npm reach its registry\n',
  );
  process.exit(3);
}

/** npm's own program file, to run it under another Node than the one it was installed with. */
export function npmCli() {
  const beside = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'npm'));
  for (const candidate of [process.env.npm_execpath, beside, ...onPath]) {
    if (candidate === undefined || !existsSync(candidate)) continue;
    const file = realpathSync(candidate);
    if (/npm-cli\.c?js$/.test(file)) return file;
  }
  process.stderr.write('setup: npm was not found; install it beside Node\n');
  process.exit(3);
}

/**
 * The environment for npm: a service account often has no home to keep a cache in, and npm under
 * another Node looks for the machine's own settings (registry, certificates) in another place.
 */
export function npmEnv() {
  const env = { ...process.env };
  env.npm_config_globalconfig ??= spawnSync(
    process.execPath,
    [npmCli(), 'config', 'get', 'globalconfig'],
    { encoding: 'utf8' },
  ).stdout.trim();
  try {
    accessSync(homedir(), constants.W_OK);
  } catch {
    env.npm_config_cache = join(root, '.runtime/npm-cache');
  }
  return env;
}

/** Puts the pinned binary at `target`; says what went wrong, if anything did. */
function install(target) {
  const folder = join(root, `.runtime/install-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(join(pinned, file), join(folder, file));
    }
    const words = [npmCli(), 'ci', '--ignore-scripts', ...QUIET];
    const { status } = spawnSync(process.execPath, words, {
      cwd: folder,
      env: npmEnv(),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const binary = join(folder, `node_modules/node-linux-${process.arch}/bin/node`);
    if (status !== 0) return 'npm could not fetch Node';
    if (!existsSync(binary)) return `npm brought no Node for linux ${process.arch}`;
    chmodSync(binary, 0o755);
    if (versionOf(binary) === undefined) return 'the Node from the registry does not run here';
    mkdirSync(dirname(target), { recursive: true });
    renameSync(binary, target);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
