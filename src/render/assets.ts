/** Files that ship beside the code: found from the sources and from the bundle alike. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NairobiError } from '../errors.ts';

let found: string | undefined;

/** The folder "assets" of this installation. */
export function assetsFolder(): string {
  if (found !== undefined) return found;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 5; up += 1) {
    const candidate = join(folder, 'assets');
    if (existsSync(join(candidate, 'fonts'))) {
      found = candidate;
      return candidate;
    }
    folder = dirname(folder);
  }
  throw new NairobiError('HOST', 'This installation lacks its assets folder with the fonts', {
    hint: 'install nairobi again',
  });
}

export function fontFile(bold: boolean): string {
  return join(assetsFolder(), 'fonts', bold ? 'DejaVuSans-Bold.ttf' : 'DejaVuSans.ttf');
}
