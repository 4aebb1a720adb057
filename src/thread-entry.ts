/** Where threads and children of ours begin. */

/**
 * The file `name`.js of the bundle, or `source` while the sources themselves run. `from` is the
 * caller's import.meta.url: it may be a chunk, which lies one folder below, or an entry itself.
 */
export function threadEntry(name: string, source: string, from: string): URL {
  if (from.endsWith('.ts')) return new URL(source, from);
  return new URL(/\/chunks\/[^/]+$/.test(from) ? `../${name}.js` : `./${name}.js`, from);
}
