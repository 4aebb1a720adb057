/** Facts about the runtime: Node, the C library, the time zone tables. */
import type { HostFiles } from './files.ts';
import type { Observed } from './observed.ts';

export interface RuntimeFacts {
  /** Major and minor; undefined in a capture without observations. */
  readonly node: { readonly major: number; readonly minor: number } | undefined;
  /** UV_USE_IO_URING, when it is set. */
  readonly uvUseIoUring: string | undefined;
  readonly nodeOptions: readonly string[];
  readonly zoneTables: boolean;
}

export function readRuntime(files: HostFiles, observed: Observed): RuntimeFacts {
  const match = /^v(\d+)\.(\d+)/.exec(observed.nodeVersion);
  const value = (name: string): string | undefined =>
    observed.environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    node: match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) },
    uvUseIoUring: value('UV_USE_IO_URING'),
    nodeOptions: value('NODE_OPTIONS')?.split(' ') ?? [],
    zoneTables: files.exists('/usr/share/zoneinfo/UTC'),
  };
}
