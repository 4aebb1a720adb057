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
      return functionsOf(koffiModule().load(name, { deep: true }));
    } catch {
      // Not installed under this name; the caller says what is missing when all are.
    }
  }
  return undefined;
}

/**
 * The program's own copy of a library where it exports one, as Node does zlib and zstd; else the
 * host's. Never the host's beside a copy: calls of a library into itself may be bound to whichever
 * the process knows first, and half of each corrupts the heap. Binding the host's deeply is of no
 * use once something else has loaded it, such as the fonts of a picture (fontconfig needs libz).
 */
export function openShared(
  names: readonly string[],
  symbols: readonly string[],
): Library | undefined {
  const own = koffiModule().load(null);
  const isExported = (symbol: string): boolean => {
    try {
      own.func(symbol, 'int', []);
      return true;
    } catch {
      return false;
    }
  };
  const exported = symbols.filter(isExported);
  if (exported.length === 0) return openLibrary(names);
  return exported.length === symbols.length ? functionsOf(own) : undefined;
}

const functionsOf = (library: ReturnType<ReturnType<typeof koffiModule>['load']>): Library => ({
  func: (symbol, result, args) =>
    library.func(symbol, result, [...args]) as unknown as NativeFunction,
});
