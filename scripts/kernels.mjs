/**
 * Compiles the kernels (AssemblyScript) to WebAssembly and writes each, with the layout of its
 * states, to a generated source file. Needed only when a kernel changes: the compiler is fetched
 * by npx and is no dependency of the project.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'assemblyscript@0.28.20';
const OPTIONS = '-O3 --noAssert --runtime stub --enable simd';

/** Each kernel: a folder below kernels/, where its code goes, how its memory is made. */
const KERNELS = {
  stats: {
    out: 'src/compute/stats/kernel.generated.ts',
    options:
      '--enable threads --sharedMemory --importMemory --initialMemory 16 --maximumMemory 65536',
    alsoFrom: ['masks'],
  },
  csv: {
    out: 'src/formats/csv/kernel.generated.ts',
    options: '--initialMemory 8',
    alsoFrom: ['masks'],
  },
  parquet: {
    out: 'src/ingest/parquet/kernel.generated.ts',
    options: '',
    alsoFrom: ['masks', 'stats'],
  },
  groups: {
    out: 'src/compute/groups/kernel.generated.ts',
    options:
      '--enable threads --sharedMemory --importMemory --initialMemory 2 --maximumMemory 65536',
    alsoFrom: ['masks', 'stats'],
  },
  lines: {
    out: 'src/ingest/decode/lines-kernel.generated.ts',
    options: '',
    alsoFrom: ['masks', 'stats'],
  },
  values: {
    out: 'src/formats/csv/values-kernel.generated.ts',
    options: '--initialMemory 8',
    alsoFrom: ['masks'],
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));

/** The digest of every source, in name order: a test compares it with the generated file's. */
export function sourceDigest(kernel = 'stats') {
  const hash = createHash('sha256');
  for (const folder of [kernel, ...(KERNELS[kernel].alsoFrom ?? [])]) {
    const sources = join(root, 'kernels', folder);
    for (const name of readdirSync(sources).sort()) {
      if (name.endsWith('.ts')) hash.update(name).update(readFileSync(join(sources, name)));
    }
  }
  return hash.digest('hex');
}

/** Every @unmanaged class with its fields, all of 8 bytes, in order. */
function layouts(sources) {
  const found = {};
  for (const name of readdirSync(sources).sort()) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(sources, name), 'utf8');
    for (const [, title, body] of text.matchAll(/@unmanaged\nexport class (\w+) \{\n(.*?)\n\}/gs)) {
      const fields = [...body.matchAll(/^ {2}(\w+): (u64|i64|f64);$/gm)];
      found[title] = Object.fromEntries(fields.map(([, field, type]) => [field, type]));
    }
  }
  return found;
}

function compile(sources, options) {
  const folder = mkdtempSync(join(tmpdir(), 'nairobi-kernel-'));
  const out = join(folder, 'kernel.wasm');
  try {
    const args = ['--yes', '-p', COMPILER, 'asc', join(sources, 'index.ts'), '--outFile', out];
    execFileSync('npx', [...args, ...`${OPTIONS} ${options}`.trim().split(' ')], {
      stdio: 'inherit',
    });
    return readFileSync(out).toString('base64');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const layoutText = (layout) => `
/** The fields of each state, 8 bytes each, in order. */
export const LAYOUTS = ${layout} as const;
`;

function write(kernel, { out, options }) {
  const sources = join(root, 'kernels', kernel);
  const code = compile(sources, options);
  const lines = code.match(/.{1,96}/g).map((line) => `  '${line}',`);
  const layout = JSON.stringify(layouts(sources), null, 2)
    .replaceAll(/"(\w+)":/g, '$1:')
    .replaceAll('"', "'");
  const text = `// Written by scripts/kernels.mjs from kernels/${kernel}: do not edit.
/** SHA-256 of the sources this was compiled from. */
export const KERNEL_SOURCE = '${sourceDigest(kernel)}';
${layout === '{}' ? '' : layoutText(layout)}
/** The module, base64. */
export const KERNEL_CODE = [
${lines.join('\n')}
].join('');
`;
  const file = join(root, out);
  writeFileSync(file, text);
  execFileSync('npx', ['biome', 'format', '--write', file], { cwd: root, stdio: 'ignore' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.slice(2);
  for (const [kernel, settings] of Object.entries(KERNELS)) {
    if (wanted.length === 0 || wanted.includes(kernel)) write(kernel, settings);
  }
}
