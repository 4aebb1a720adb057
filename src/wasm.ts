/** What the kernels use of WebAssembly, which TypeScript declares with the browser's types only. */

/** Memory that the threads of a kernel share. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

interface WebAssemblyApi {
  Memory: new (size: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

export const wasm = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

/** The module of a kernel's generated code, which is base64. */
export function moduleOf(code: string): object {
  return new wasm.Module(Buffer.from(code, 'base64'));
}
