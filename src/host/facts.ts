/** Everything known about a host, read once: what the checks judge. */
import { type CpuFacts, readCpu } from './cpu.ts';
import type { HostFiles } from './files.ts';
import { type KernelFacts, readKernel } from './kernel.ts';
import { type MemoryFacts, readMemory } from './memory.ts';
import type { Observed } from './observed.ts';
import { type ProcessFacts, readProcess } from './process.ts';
import { type RenderFacts, readRender } from './render.ts';
import { type RuntimeFacts, readRuntime } from './runtime.ts';
import { readStorage, type StorageFacts } from './storage.ts';
import { readUring, type UringFacts } from './uring.ts';

export interface Facts {
  /** False for a capture: nothing can be tried any more. */
  readonly live: boolean;
  readonly kernel: KernelFacts;
  readonly process: ProcessFacts;
  readonly uring: UringFacts;
  readonly memory: MemoryFacts;
  readonly cpu: CpuFacts;
  readonly storage: readonly StorageFacts[];
  readonly render: RenderFacts;
  readonly runtime: RuntimeFacts;
  readonly observed: Observed;
  readonly needs: Needs;
}

/** What nairobi itself wants of the host, in its own numbers (src/limits.ts). */
export interface Needs {
  /** Bytes of the pool that reads land in, and that would be registered. */
  readonly poolBytes: number;
  /** Bytes wanted in one registration. */
  readonly registeredBytes: number;
}

export function readFacts(files: HostFiles, observed: Observed, needs: Needs): Facts {
  const kernel = readKernel(files, observed);
  return {
    live: files.live,
    kernel,
    process: readProcess(files),
    uring: readUring(files, kernel.release),
    memory: readMemory(files),
    cpu: readCpu(files),
    storage: readStorage(files, observed.directories),
    render: readRender(files, observed),
    runtime: readRuntime(files, observed),
    observed,
    needs,
  };
}
