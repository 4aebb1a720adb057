/** Functions of shared libraries of the host, for what is no system call. */
import { readFileSync } from 'node:fs';
import { koffiModule } from './syscall.ts';

/** Pointers and sizes go as 64-bit integers, ints as ints. */
export type CType = 'int' | 'int64';

export type NativeFunction = (...args: (number | bigint)[]) => number;

export interface Library {
  func(name: string, result: CType, args: readonly CType[]): NativeFunction;
}

/**
 * The first of these libraries that the host has; undefined when it has none. Bound deeply, so
 * that its calls into itself stay there: Node exports a zlib and a zstd of its own, and half of
 * each corrupts the heap. musl cannot bind so: see `bindsDeeply`.
 */
export function openLibrary(names: readonly string[]): Library | undefined {
  for (const name of names) {
    try {
      const library = koffiModule().load(name, { deep: true });
      return {
        func: (symbol, result, args) =>
          library.func(symbol, result, [...args]) as unknown as NativeFunction,
      };
    } catch {
      // Not installed under this name; the caller says what is missing when all are.
    }
  }
  return undefined;
}

/** False with musl, which has no RTLD_DEEPBIND: what Node exports itself cannot be opened there. */
export function bindsDeeply(): boolean {
  try {
    return !readFileSync('/proc/self/maps', 'utf8').includes('/ld-musl-');
  } catch {
    return true;
  }
}
