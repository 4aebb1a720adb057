/**
 * An esbuild plug-in that takes the JavaScript half of nodejs-polars into the bundle: its thirty
 * files are found and read one by one otherwise, which costs 8 ms of every start. The native half
 * stays a package of its own.
 */
import { readFile } from 'node:fs/promises';

const OWN_REQUIRE = 'const require = createRequire(import.meta.url);';

export const bundledPolars = {
  name: 'bundled-polars',
  setup(build) {
    build.onLoad({ filter: /src[\\/]compute[\\/]polars\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(OWN_REQUIRE)) throw new Error(`${path} has no line "${OWN_REQUIRE}"`);
      return { contents: source.replace(OWN_REQUIRE, ''), loader: 'ts' };
    });
    build.onResolve({ filter: /^nodejs-polars-|\.node$/ }, ({ path }) => ({
      path,
      external: true,
    }));
  },
};
