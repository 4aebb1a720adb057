/** Files that are being written: what has to go when the program ends before they are whole. */

const paths = new Set<string>();
type Listener = (path: string, present: boolean) => void;
let listener: Listener | undefined;

/** To be disposed of once the file has its final name, or is gone. */
export function unfinished(path: string): Disposable {
  paths.add(path);
  listener?.(path, true);
  return {
    [Symbol.dispose](): void {
      if (paths.delete(path)) listener?.(path, false);
    },
  };
}

/** Those there are now. */
export const unfinishedPaths = (): string[] => [...paths];

/** Tells `told` of those there are and of every one that comes or goes. */
export function onUnfinished(told: Listener): void {
  listener = told;
  for (const path of paths) told(path, true);
}
