/**
 * An esbuild plug-in that takes the JavaScript half of nodejs-polars into the bundle: its thirty
 * files are found and read one by one otherwise, which costs 8 ms of every start. The native half
 * stays a package of its own.
 */
import { readFile } from 'node:fs/promises';

const OWN_REQUIRE = 'const require = createRequire(import.meta.url);';

/** A report about the whole process, for one line of it: 2 ms. */
const LIBC_REPORT = /const \{ glibcVersionRuntime \} = .*\n\s*return !glibcVersionRuntime;/;
const LIBC_MAPPED = "return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');";

export const bundledPolars = {
  name: 'bundled-polars',
  setup(build) {
    build.onLoad({ filter: /src[\\/]compute[\\/]polars\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(OWN_REQUIRE)) throw new Error(`${path} has no line "${OWN_REQUIRE}"`);
      return { contents: source.replace(OWN_REQUIRE, ''), loader: 'ts' };
    });
    build.onLoad({ filter: /native-polars\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!LIBC_REPORT.test(source)) throw new Error(`${path} asks for its libc in another way`);
      return { contents: source.replace(LIBC_REPORT, LIBC_MAPPED) };
    });
    build.onResolve({ filter: /^nodejs-polars-|\.node$/ }, ({ path }) => ({
      path,
      external: true,
    }));
  },
};
