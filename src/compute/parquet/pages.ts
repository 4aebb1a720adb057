/** The pages of a column chunk, one after the other, into the kernel. */

import { type GroupKernel, type State, settled } from '../groups/kernel.ts';
import { Unreadable } from '../groups/refusal.ts';
import { CODEC, decompress, isKernels } from './codec.ts';
import { Cursor } from './cursor.ts';
import type { Chunk } from './footer.ts';

const TYPE = { data: 0, dictionary: 2, data2: 3 } as const;
const RLE = 3;
const PLAIN = 0;
const OLD_DICTIONARY = 2;

/** Writers make pages of about a megabyte; so large a one is damaged or not for here. */
const MAX_PAGE_BYTES = 2 ** 28;

/** How the kernel is told of definition levels. */
const LEVELS = { sizeInFront: -1, none: -2 } as const;

interface PageHeader {
  type: number;
  size: number;
  packed: number;
  values: number;
  encoding: number;
  levelEncoding: number;
  /** Of a page of the second version. */
  levels: number;
  repetitions: number;
  isPacked: boolean;
}

function readHeader(cursor: Cursor): PageHeader {
  const header: PageHeader = {
    ...{ type: -1, size: -1, packed: -1, values: -1, encoding: -1 },
    ...{ levelEncoding: RLE, levels: 0, repetitions: 0, isPacked: true },
  };
  cursor.struct((id) => {
    if (id === 1) header.type = cursor.integer();
    else if (id === 2) header.size = cursor.integer();
    else if (id === 3) header.packed = cursor.integer();
    else if (id === 5 || id === 7) readFirst(cursor, header);
    else if (id === 8) readSecond(cursor, header);
    else return false;
    return true;
  });
  return header;
}

/** Of a data page of the first version, or of a dictionary, which has no levels. */
function readFirst(cursor: Cursor, header: PageHeader): void {
  cursor.struct((id) => {
    if (id === 1) header.values = cursor.integer();
    else if (id === 2) header.encoding = cursor.integer();
    else if (id === 3 && header.type === TYPE.data) header.levelEncoding = cursor.integer();
    else return false;
    return true;
  });
}

function readSecond(cursor: Cursor, header: PageHeader): void {
  cursor.struct((id, type) => {
    if (id === 1) header.values = cursor.integer();
    else if (id === 4) header.encoding = cursor.integer();
    else if (id === 5) header.levels = cursor.integer();
    else if (id === 6) header.repetitions = cursor.integer();
    else if (id === 7) header.isPacked = Cursor.boolean(type);
    else return false;
    return true;
  });
}

/** A column's part of a row group on its way into one leaf of a thread's state. */
export class ChunkPages {
  readonly #kernel: GroupKernel;
  readonly #state: State;

  constructor(kernel: GroupKernel, state: State) {
    this.#kernel = kernel;
    this.#state = state;
  }

  /** `bytes` are those of the chunk; throws Unreadable and TooMany. */
  take(leaf: number, chunk: Chunk, isOptional: boolean, rows: number, bytes: Uint8Array): void {
    const { calls } = this.#kernel;
    calls.chunk(this.#state, leaf);
    const cursor = new Cursor(bytes);
    for (let row = 0; row < rows; ) {
      const header = readHeader(cursor);
      const { size, packed, values, type } = header;
      const isSized = size >= 0 && size <= MAX_PAGE_BYTES && packed >= 0 && values >= 0;
      if (!isSized || packed > bytes.length - cursor.at) {
        throw new Unreadable('a page is longer than its column');
      }
      const body = bytes.subarray(cursor.at, cursor.at + packed);
      cursor.at += packed;
      if (type === TYPE.dictionary) {
        if (header.encoding !== PLAIN && header.encoding !== OLD_DICTIONARY) {
          throw new Unreadable('a dictionary of an unknown encoding');
        }
        this.#unpack(chunk.codec, body, 0, size);
        settled(calls.dictionary(this.#state, leaf, size, values));
      } else if (type === TYPE.data || type === TYPE.data2) {
        if (values > rows - row) throw new Unreadable('a column has more rows than its group');
        const levels = this.#unpackData(header, chunk.codec, isOptional, body);
        settled(calls.data(this.#state, leaf, size, values, row, header.encoding, levels));
        row += values;
      } else throw new Unreadable(`a page of the unknown type ${type}`);
    }
  }

  /** Unpacks a data page; gives the bytes of its levels as the kernel takes them. */
  #unpackData(header: PageHeader, codec: number, isOptional: boolean, body: Uint8Array): number {
    const { size, levels, repetitions } = header;
    if (header.type === TYPE.data) {
      if (header.levelEncoding !== RLE) throw new Unreadable('levels of an old encoding');
      this.#unpack(codec, body, 0, size);
      return isOptional ? LEVELS.sizeInFront : LEVELS.none;
    }
    const isSound = levels >= 0 && repetitions === 0 && levels <= size && levels <= body.length;
    if (!isSound || (!isOptional && levels > 0)) throw new Unreadable('levels that do not fit');
    const page = this.#kernel.calls.page(this.#state, size);
    new Uint8Array(this.#kernel.memory, page, levels).set(body.subarray(0, levels));
    const how = header.isPacked ? codec : CODEC.none;
    this.#unpack(how, body.subarray(levels), levels, size - levels);
    return isOptional ? levels : LEVELS.none;
  }

  /** Decompresses to the kernel's page, from `offset` on, exactly `size` bytes. */
  #unpack(codec: number, packed: Uint8Array, offset: number, size: number): void {
    const { calls } = this.#kernel;
    const to = calls.page(this.#state, offset + size) + offset;
    if (isKernels(codec) && size > 0) {
      const from = calls.packed(this.#state, packed.length);
      new Uint8Array(this.#kernel.memory, from, packed.length).set(packed);
      const isLz4 = codec === CODEC.lz4;
      if (calls.inflate(this.#state, isLz4, packed.length, offset, size) === 0) {
        throw new Unreadable('a page does not decompress');
      }
      return;
    }
    const bytes = decompress(codec, packed, size);
    if (bytes.length !== size) throw new Unreadable('a page decompresses to another size');
    new Uint8Array(this.#kernel.memory, to, size).set(bytes);
  }
}
