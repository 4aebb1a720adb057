/**
 * Compiles kernels/stats (AssemblyScript) to WebAssembly and writes it, with the layout of its
 * states, to src/compute/stats/kernel.generated.ts. Needed only when a kernel changes: the
 * compiler is fetched by npx and is no dependency of the project.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'assemblyscript@0.28.20';
const OPTIONS =
  '-O3 --noAssert --runtime stub --enable simd --enable threads --sharedMemory ' +
  '--importMemory --initialMemory 16 --maximumMemory 65536';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'kernels/stats');

/** The digest of every source, in name order: a test compares it with the generated file's. */
export function sourceDigest() {
  const hash = createHash('sha256');
  for (const name of readdirSync(sources).sort()) {
    if (name.endsWith('.ts')) hash.update(name).update(readFileSync(join(sources, name)));
  }
  return hash.digest('hex');
}

/** Every @unmanaged class with its fields, all of 8 bytes, in order. */
function layouts() {
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

function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'nairobi-kernel-'));
  const out = join(folder, 'kernel.wasm');
  try {
    const args = ['--yes', '-p', COMPILER, 'asc', join(sources, 'index.ts'), '--outFile', out];
    execFileSync('npx', [...args, ...OPTIONS.split(' ')], { stdio: 'inherit' });
    return readFileSync(out).toString('base64');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write() {
  const code = compile();
  const lines = code.match(/.{1,96}/g).map((line) => `  '${line}',`);
  const layout = JSON.stringify(layouts(), null, 2)
    .replaceAll(/"(\w+)":/g, '$1:')
    .replaceAll('"', "'");
  const text = `// Written by scripts/kernels.mjs from kernels/stats: do not edit.
/** SHA-256 of the sources this was compiled from. */
export const KERNEL_SOURCE = '${sourceDigest()}';

/** The fields of each state, 8 bytes each, in order. */
export const LAYOUTS = ${layout} as const;

/** The module, base64. */
export const KERNEL_CODE = [
${lines.join('\n')}
].join('');
`;
  const file = join(root, 'src/compute/stats/kernel.generated.ts');
  writeFileSync(file, text);
  execFileSync('npx', ['biome', 'format', '--write', file], { cwd: root, stdio: 'ignore' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) write();
