/**
 * An esbuild plug-in that makes oclif's files require each other at first use instead of at load.
 * Its parser needs a tenth of what its files pull in (globbing, templates, spinners): loading the
 * rest costs more than Node's own start.
 *
 * Works on what TypeScript emits for CommonJS, where an import is one line, `const x_1 =
 * require("x")`, and every use is spelt `x_1.name`: the name becomes a function.
 */
import { readFile } from 'node:fs/promises';

const REQUIRE =
  /^(?:const|var) (\w+_\d+) = ((?:__importDefault|__importStar)?\(?require\("[^"]+"\)\)?);$/gm;

export const lazyRequires = {
  name: 'lazy-requires',
  setup(build) {
    build.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => ({
      contents: makeLazy(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};

/** The same module, with each top-level require behind a function that remembers. */
export function makeLazy(source) {
  const names = [];
  const declared = source.replace(REQUIRE, (_line, name, load) => {
    names.push(name);
    return `let $${name}; const ${name} = () => ($${name} ??= ${load});`;
  });
  if (names.length === 0) return source;
  // A use is the name followed by a property, never inside a longer name.
  const use = new RegExp(`(?<![\\w$.])(${names.join('|')})(?=\\.)`, 'g');
  // In brackets, for "new x_1.Name()".
  return declared.replace(use, '($1())');
}
