/** The statistics kernel in a thread that only decodes. */
import { wasm } from '../../wasm.ts';
import type { KernelShare } from '../stats/kernel.ts';
import type { Exports } from '../stats/kernel-exports.ts';
import type { Decoder } from './column-slots.ts';
import { exactDouble } from './fields.ts';

export function columnDecoder({ module, memory }: KernelShare): Decoder {
  const abort = (): never => {
    throw new Error('the kernel of columns aborted');
  };
  // The text may not be decoded in place: the memory is shared.
  const slowDouble = (at: number, size: number): number =>
    exactDouble(Buffer.from(new Uint8Array(memory.buffer, at, size)).toString('latin1'));
  const env = { memory, abort, slowDouble };
  const { decodeRows } = new wasm.Instance(module, { env }).exports as Exports;
  return { memory, decodeRows };
}
