/** Where threads and children of ours begin. */

/**
 * The file `name`.js of the bundle, or `source` while the sources themselves run. `from` is the
 * caller's import.meta.url: every file that starts a thread lies one folder below the bundle's.
 */
export function threadEntry(name: string, source: string, from: string): URL {
  return new URL(from.endsWith('.ts') ? source : `../threads/${name}.js`, from);
}
