/**
 * Bundles src/ into dist/: one chunk for each command and each heavy module, so that a command
 * loads only what it uses. Does nothing when dist/ was built from these very files.
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
import { bundledPolars } from './bundled-polars.mjs';
import { lazyRequires } from './lazy-requires.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'dist/.stamp');

// Native modules stay outside: their loaders look for a binary beside their own files.
const EXTERNAL = ['koffi', 'canvas', 'libpg-query'];

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
  groups: 'src/compute/parquet/worker.ts',
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
    join(root, 'scripts/lazy-requires.mjs'),
    join(root, 'scripts/bundled-polars.mjs'),
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

/** Help as a terminal gets it, laid out once: see showWrittenHelp in src/main.ts. */
function writeHelp() {
  mkdirSync(join(root, 'dist/help'));
  const commands = readFileSync(join(root, 'src/commands.ts'), 'utf8').matchAll(/\['(\w+)', \(\)/g);
  for (const name of ['', ...[...commands].map(([, name]) => name)]) {
    const words = [join(root, 'bin/run.js'), ...(name === '' ? [] : [name]), '--help'];
    const env = { ...process.env, FORCE_COLOR: '1', NODE_OPTIONS: '' };
    const { stdout, status } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
    const version = `linux-${process.arch} node-${process.version}`;
    const text = stdout.replace(new RegExp(`\\S+ ${version}`), '@VERSION@');
    // An old Node builds for a newer one that runs it: its help is laid out then.
    if (status === 0) writeFileSync(join(root, `dist/help/${name || 'nairobi'}.txt`), text);
  }
}

const stamp = fingerprint();
const built = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
// A packed release carries dist/ and no src/.
if (!built && existsSync(join(root, 'src'))) {
  const { build } = await import('esbuild');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const shared = {
    absWorkingDir: root,
    outdir: 'dist',
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: EXTERNAL,
    banner: { js: BANNER },
    plugins: [bundledPolars, lazyRequires],
    logLevel: 'warning',
  };
  await build({ ...shared, entryPoints: { main: 'src/main.ts' } });
  // Apart: what is shared with a thread would be a chunk of its own, and every chunk costs a start
  // half a millisecond.
  await build({ ...shared, entryPoints: THREADS });
  await build({ ...shared, entryPoints: { library: 'src/library/index.ts' } });
  copyFileSync(join(root, 'src/library/nairobi.d.ts'), join(root, 'dist/library.d.ts'));
  writeHelp();
  writeFileSync(stampFile, stamp);
}
