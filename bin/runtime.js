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
  if (base.startsWith('/')) module.enableCompileCache(join(base, 'nairobi', 'v8'));
}
