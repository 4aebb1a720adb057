/**
 * An esbuild plug-in that takes Node's own modules from process.getBuiltinModule instead of by
 * import: an import makes Node evaluate every lazy export of the module, such as the streams of
 * node:fs, which costs 7 ms of a start.
 */
import { createRequire, isBuiltin } from 'node:module';

const require = createRequire(import.meta.url);
const NAMESPACE = 'bare-builtin';
/** Costly to load, and seldom called. */
const HEAVY = new Set(
  ['child_process', 'crypto', 'dns', 'http', 'https', 'net', 'tls', 'v8', 'vm', 'zlib'].map(
    (name) => `node:${name}`,
  ),
);

export const bareBuiltins = {
  name: 'bare-builtins',
  setup(build) {
    build.onResolve({ filter: /^(node:)?\w/ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin(path)
        ? { path: path.replace(/^(node:)?/, 'node:'), namespace: NAMESPACE, sideEffects: false }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: contentsOf(path),
      loader: 'js',
    }));
  },
};

/** What is not used of it is left out of the bundle, and so never evaluated. */
function contentsOf(path) {
  const load = `process.getBuiltinModule(${JSON.stringify(path)})`;
  const builtin = require(path);
  const lines = Object.keys(builtin)
    .filter((name) => name !== 'default')
    .map((name) =>
      HEAVY.has(path) && isPlainFunction(name, builtin[name])
        ? `export const ${name} = (...values) => ${load}.${name}(...values);`
        : `export const ${name} = /* @__PURE__ */ (() => ${load}.${name})();`,
    );
  return [`export default /* @__PURE__ */ ${load};`, ...lines].join('\n');
}

/** Loads its module when it is called; what stands behind a getter or is a class does so at once. */
const isPlainFunction = (name, value) => typeof value === 'function' && /^[a-z]/.test(name);
