// What must hold before the program loads. Plain old syntax: an old Node has to get this far.
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const NEEDED = [22, 12];

/** False, with the remedy on stderr and exit code 3, on a Node older than 22.12. */
export function checkRuntime() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return true;
  process.stderr.write(
    `nairobi: Node.js ${NEEDED.join('.')} or newer is needed, this is ${process.version}\n` +
      '  hint: run "npm run setup" in the checkout, or install Node 24 and nairobi under it\n',
  );
  process.exitCode = 3;
  return false;
}

/**
 * Keeps V8's compiled code between runs. In the user's own cache folder, never in /tmp, where
 * somebody else could have put code before us.
 */
export function cacheCompiledCode() {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  if (!base.startsWith('/')) return;
  const folder = join(base, 'nairobi', 'v8');
  if (isMade(folder, [base, join(base, 'nairobi'), folder])) module.enableCompileCache(folder);
}

/**
 * Makes the folders one by one: where mkdir(2) says ENOENT below a folder that is there (HOME=/proc,
 * autofs), Node's way of making them all at once never returns.
 */
function isMade(folder, steps) {
  const fs = process.getBuiltinModule('node:fs');
  if (fs.existsSync(folder)) return true;
  try {
    for (const step of steps) if (!fs.existsSync(step)) fs.mkdirSync(step, { mode: 0o700 });
  } catch {
    // Another run may have made it between the two; a home that cannot be written to has no cache.
  }
  return fs.existsSync(folder);
}
