/**
 * In the place of src/thread-entry.ts: threads and children begin in dist/, which is built from the
 * sources as they are (build.ts). Each began with taking the types out of up to a hundred files.
 */
export function threadEntry(name: string): URL {
  return new URL(`../dist/threads/${name}.js`, import.meta.url);
}
