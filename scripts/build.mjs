/**
 * Bundles src/ into dist/: one file for each command and each thread, since every file more costs a
 * start half a millisecond. Does nothing when dist/ was built from these very files.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bareBuiltins } from './bare-builtins.mjs';
import { bundledPolars } from './bundled-polars.mjs';
import { lazyRequires } from './lazy-requires.mjs';
import { commandsOutside, vendored } from './outside.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'dist/.stamp');

// Native modules stay outside: their loaders look for a binary beside their own files.
const EXTERNAL = ['koffi', 'canvas', 'libpg-query'];

// Large packages that few runs need: files of their own, loaded when they are asked for.
const VENDORED = [
  'mqtt',
  'pg',
  'pg-copy-streams',
  'vega',
  'vega-interpreter',
  'vega-lite',
  'vega-themes',
];

// Threads and child processes, each loaded by its file name.
const THREADS = {
  trial: 'src/engine/doctor/trials/child.ts',
  count: 'src/engine/pieces/count-worker.ts',
  segments: 'src/engine/segments/worker.ts',
  odd: 'src/engine/pieces/odd-worker.ts',
  progress: 'src/engine/run/progress-worker.ts',
  batch: 'src/ingest/sources/batch-worker.ts',
  udp: 'src/ingest/sources/udp-worker.ts',
  overseer: 'src/engine/run/overseer-worker.ts',
  spec: 'src/engine/plot/spec-child.ts',
  warden: 'src/uring/warden.ts',
  groups: 'src/compute/groups/worker.ts',
  columns: 'src/compute/text/column-worker.ts',
  serve: 'src/commands/serve-worker.ts',
};

// CommonJS inside an ES module still calls require and reads __dirname.
const BANNER = [
  "import{createRequire as __createRequire}from'node:module';",
  "import{fileURLToPath as __toPath}from'node:url';",
  'const require=__createRequire(import.meta.url),__filename=__toPath(import.meta.url);',
  'const __dirname=__toPath(new globalThis.URL(".",import.meta.url));',
].join('');

function sources() {
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return [
    ...files,
    join(root, 'package.json'),
    join(root, 'package-lock.json'),
    import.meta.filename,
    ...['bare-builtins', 'bundled-polars', 'lazy-requires', 'outside'].map((name) =>
      join(root, `scripts/${name}.mjs`),
    ),
  ];
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of sources().sort()) {
    if (existsSync(file))
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** The commands that src/commands.ts lists. */
function commandNames() {
  const text = readFileSync(join(root, 'src/commands.ts'), 'utf8');
  return [...text.matchAll(/\['(\w+)', \(\)/g)].map(([, name]) => name);
}

/** Help as a terminal gets it, laid out once: see showWrittenHelp in src/main.ts. */
function writeHelp() {
  mkdirSync(join(root, 'dist/help'));
  for (const name of ['', ...commandNames()]) {
    const words = [join(root, 'bin/run.js'), ...(name === '' ? [] : [name]), '--help'];
    const env = { ...process.env, FORCE_COLOR: '1', NODE_OPTIONS: '' };
    const { stdout, status } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
    const version = `linux-${process.arch} node-${process.version}`;
    const text = stdout.replace(new RegExp(`\\S+ ${version}`), '@VERSION@');
    // An old Node builds for a newer one that runs it: its help is laid out then.
    if (status === 0) writeFileSync(join(root, `dist/help/${name || 'nairobi'}.txt`), text);
  }
}

/** The entry points `sources`, by name, as files of `folder`. */
const inFolder = (folder, sources) =>
  Object.fromEntries(Object.entries(sources).map(([name, at]) => [`${folder}/${name}`, at]));

async function bundle() {
  const { build } = await import('esbuild');
  const shared = {
    absWorkingDir: root,
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: EXTERNAL,
    banner: { js: BANNER },
    logLevel: 'warning',
    plugins: [vendored(VENDORED, '../vendor'), bareBuiltins, bundledPolars, lazyRequires],
  };
  const commands = Object.fromEntries(
    commandNames().map((name) => [name, `src/commands/${name}.ts`]),
  );
  await build({
    ...shared,
    entryPoints: { main: 'src/main.ts' },
    plugins: [commandsOutside(Object.keys(commands)), ...shared.plugins],
  });
  await build({
    ...shared,
    entryPoints: { ...inFolder('commands', commands), ...inFolder('threads', THREADS) },
  });
  // In chunks: whoever only connects to a daemon needs a tenth of it.
  const library = { library: 'src/library/index.ts' };
  const chunkNames = 'chunks/[name]-[hash]';
  await build({ ...shared, entryPoints: library, splitting: true, chunkNames });
  const packages = Object.fromEntries(VENDORED.map((name) => [name, name]));
  const plugins = [bareBuiltins];
  await build({ ...shared, entryPoints: inFolder('vendor', packages), splitting: true, plugins });
  copyFileSync(join(root, 'src/library/nairobi.d.ts'), join(root, 'dist/library.d.ts'));
}

const stamp = fingerprint();
const built = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
// A packed release carries dist/ and no src/.
if (!built && existsSync(join(root, 'src'))) {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await bundle();
  writeHelp();
  writeFileSync(stampFile, stamp);
}
