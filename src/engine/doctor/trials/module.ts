/** Loads a native module as the program would, and uses it once: a crash stays in this process. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import { type ModuleTrial, OK } from '../../../host/observed.ts';

export function tryModule({ name }: { readonly name: string }): ModuleTrial {
  const require = createRequire(import.meta.url);
  const start = performance.now();
  try {
    require(name);
    return {
      name,
      attempt: OK,
      version: versionOf(require, name),
      milliseconds: performance.now() - start,
    };
  } catch (error) {
    // The first line: Node appends the whole stack of requires.
    const message = messageOf(error).split('\n', 1)[0] ?? '';
    return {
      name,
      attempt: { outcome: 'failed', message },
      version: undefined,
      milliseconds: performance.now() - start,
    };
  }
}

/** From the package.json above its entry, which "exports" does not always let one require. */
function versionOf(require: NodeJS.Require, name: string): string | undefined {
  let folder = dirname(require.resolve(name));
  for (let depth = 0; depth < 6; depth += 1) {
    try {
      const text = readFileSync(join(folder, 'package.json'), 'utf8');
      const found = JSON.parse(text) as { readonly name?: string; readonly version?: string };
      if (found.name === name) return found.version;
    } catch {
      // not this folder
    }
    folder = dirname(folder);
  }
  return undefined;
}
