/** Functions of shared libraries of the host, for what is no system call. */
import { koffiModule } from './syscall.ts';

/** Pointers and sizes go as 64-bit integers, ints as ints. */
export type CType = 'int' | 'int64';

export type NativeFunction = (...args: (number | bigint)[]) => number;

export interface Library {
  func(name: string, result: CType, args: readonly CType[]): NativeFunction;
}

/** The first of these libraries that the host has; undefined when it has none. */
export function openLibrary(names: readonly string[]): Library | undefined {
  for (const name of names) {
    try {
      // Node exports a zlib and a zstd of its own: without RTLD_DEEPBIND a library of the host
      // would call into those, which have other layouts (a .zst with its size was "damaged").
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
