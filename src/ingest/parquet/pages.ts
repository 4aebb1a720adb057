/**
 * Batches of plain delimited text straight to Parquet, without Polars: the kernel makes the pages,
 * here they are compressed and put together. The schema is the very one Polars writes, so both ways
 * can follow each other in one file.
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { constants, zstdCompressSync } from 'node:zlib';
import type { DataFrame } from '../../compute/polars.ts';
import { fieldPlan } from '../../compute/text/fields.ts';
import type { CsvPlan } from '../../formats/csv/sniff.ts';
import type { EncodedPiece, Encoding } from './encode.ts';
import { type ColumnPages, ParquetKernel } from './kernel.ts';
import { encodeStruct, integer, structs, type ThriftStruct, type ThriftValue } from './thrift.ts';
import { type Codec, encodeParquet, joinParquet, readFooter } from './writer.ts';

const ENCODING = { plain: 0, rle: 3, dictionary: 8 } as const;
const CODECS: Partial<Record<Codec, number>> = { uncompressed: 0, zstd: 6 };
const PAGE = { data: 0n, dictionary: 2n } as const;

/** The physical type of each kind of field: BOOLEAN 0, INT32 1, INT64 2, DOUBLE 5, BYTE_ARRAY 6. */
const PHYSICAL: readonly number[] = [-1, 6, 2, 5, 0, 2, 1];
const FLOAT_KIND = 3;

/** As DuckDB and Polars have it when nothing is said. */
const ZSTD_LEVEL = 3;

/**
 * What compression leaves of a column at most: to save less is not worth undoing it at every
 * reading. Indices into dictionaries are packed already.
 */
const WORTH = 7 / 8;

/** Batches that may be refused before it is given up: each costs a look for nothing. */
const REFUSALS = 3;

const i32 = (value: number | bigint): ThriftValue => ({ type: 5, value: BigInt(value) });
const i64 = (value: number | bigint): ThriftValue => ({ type: 6, value: BigInt(value) });
const struct = (fields: readonly (readonly [number, ThriftValue])[]): ThriftValue => ({
  type: 12,
  fields: new Map(fields),
});

export interface PlainBatch {
  readonly piece: EncodedPiece;
  readonly rows: number;
  /** Undefined when line ends may lie inside quotes. */
  readonly lines: number | undefined;
}

export class PlainEncoder {
  readonly #kernel: ParquetKernel;
  readonly #plan: CsvPlan;
  readonly #kinds: readonly number[];
  readonly #codec: Codec;
  readonly #footer: ThriftStruct;
  /** Of each float column: whether its bytes compress better by place. */
  readonly #split = new Map<number, boolean>();
  #refused = 0;

  private constructor(
    plan: CsvPlan,
    kernel: ParquetKernel,
    kinds: readonly number[],
    codec: Codec,
    footer: ThriftStruct,
  ) {
    this.#plan = plan;
    this.#kernel = kernel;
    this.#kinds = kinds;
    this.#codec = codec;
    this.#footer = footer;
  }

  /** Undefined where the text, its types or the target need the general way. */
  static open(
    plan: CsvPlan,
    nulls: readonly string[] | undefined,
    { codec, keys }: Encoding,
    empty: () => DataFrame,
  ): PlainEncoder | undefined {
    const { dialect, columns } = plan;
    const isUsual =
      nulls === undefined &&
      keys.length === 0 &&
      CODECS[codec] !== undefined &&
      // Node has it since 22.15.
      typeof zstdCompressSync === 'function' &&
      dialect.comment === undefined &&
      dialect.lineEnd === '\n' &&
      plan.unsureQuotes !== true &&
      /^[\0-\x7f]$/.test(dialect.delimiter) &&
      columns.length > 1 &&
      columns.every(({ decimalComma }) => decimalComma !== true);
    if (!isUsual) return undefined;
    const fields = columns.flatMap((column) => fieldPlan(column) ?? []);
    if (fields.length < columns.length) return undefined;
    const kinds = fields.map(({ kind }) => kind);
    const footer = readFooter(encodeParquet(empty(), codec));
    const leaves = structs(footer, 2).slice(1);
    const isExpected =
      leaves.length === kinds.length &&
      // Optional, and of the type the kernel writes.
      leaves.every((leaf, index) => integer(leaf, 3) === 1n && isPhysical(leaf, kinds[index]));
    if (!isExpected) return undefined;
    const kernel = new ParquetKernel(fields, dialect.delimiter, dialect.quote);
    return new PlainEncoder(plan, kernel, kinds, codec, footer);
  }

  /** The batch as a Parquet file in memory; undefined when it is to go the general way. */
  encode(data: Uint8Array): PlainBatch | undefined {
    if (this.#refused >= REFUSALS) return undefined;
    const batch = data.length === 0 ? undefined : this.tryEncode(data);
    this.#refused = batch === undefined ? this.#refused + 1 : 0;
    return batch;
  }

  private tryEncode(data: Uint8Array): PlainBatch | undefined {
    const rows = this.#kernel.split(data);
    if (rows === undefined) return undefined;
    const body = new Body();
    const columns: ThriftValue[] = [];
    for (const index of this.#kinds.keys()) {
      const pages = this.pagesOf(index);
      if (pages === undefined) return undefined;
      columns.push(this.column(index, pages, rows, body));
    }
    const group = struct([
      [1, { type: 9, element: 12, items: columns }],
      [2, i64(body.uncompressed)],
      [3, i64(rows)],
      [5, i64(body.start)],
      [6, i64(body.size - body.start)],
      [7, { type: 4, value: 0n }],
    ]);
    const footer: ThriftStruct = new Map(this.#footer);
    footer.set(3, i64(rows));
    footer.set(4, { type: 9, element: 12, items: [group] });
    const parquet = joinParquet(body.chunks, footer);
    const lines = this.#kernel.isQuoted ? undefined : rows;
    return { piece: { path: '', rows, parquet }, rows, lines };
  }

  private pagesOf(index: number): ColumnPages | undefined {
    if (this.#kinds[index] !== FLOAT_KIND) return this.#kernel.encode(index, false);
    const known = this.#split.get(index);
    if (known !== undefined) return this.#kernel.encode(index, known);
    const plain = this.#kernel.encode(index, false);
    if (plain === undefined || plain.dictionary !== undefined) return plain;
    const before = this.compress(plain.data).length;
    const split = this.#kernel.encode(index, true);
    if (split === undefined) return undefined;
    const isSmaller = this.compress(split.data).length < before;
    this.#split.set(index, isSmaller);
    return isSmaller ? split : this.#kernel.encode(index, false);
  }

  private column(index: number, pages: ColumnPages, rows: number, body: Body): ThriftValue {
    const { encoding, dictionary, data, nulls, range } = pages;
    const start = body.size;
    const before = body.uncompressed;
    const { codec, bodies } = this.packed(dictionary?.data ?? NOTHING, data);
    if (dictionary !== undefined) {
      body.page(PAGE.dictionary, dictionary.data.length, bodies[0], [
        7,
        struct([
          [1, i32(dictionary.values)],
          [2, i32(ENCODING.plain)],
        ]),
      ]);
    }
    const dataAt = body.size;
    body.page(PAGE.data, data.length, bodies[1], [
      5,
      struct([
        [1, i32(rows)],
        [2, i32(encoding)],
        [3, i32(ENCODING.rle)],
        [4, i32(ENCODING.rle)],
      ]),
    ]);
    const encodings = [encoding, ENCODING.rle, ...(dictionary ? [ENCODING.plain] : [])];
    const statistics = struct([
      [3, i64(nulls)],
      ...(range === undefined
        ? []
        : ([
            [5, { type: 8, value: range.max }],
            [6, { type: 8, value: range.min }],
          ] as const)),
    ]);
    const name = Buffer.from(this.#plan.columns[index]?.name ?? '');
    const metadata = struct([
      [1, i32(PHYSICAL[this.#kinds[index] ?? 0] ?? 0)],
      [2, { type: 9, element: 5, items: encodings.map(i32) }],
      [3, { type: 9, element: 8, items: [{ type: 8, value: name }] }],
      [4, i32(CODECS[codec] ?? 0)],
      [5, i64(rows)],
      [6, i64(body.uncompressed - before)],
      [7, i64(body.size - start)],
      [9, i64(dataAt)],
      ...(dictionary === undefined ? [] : ([[11, i64(start)]] as const)),
      [12, statistics],
    ]);
    return struct([
      [2, i64(start)],
      [3, metadata],
    ]);
  }

  /** The pages of a column, compressed where that is worth it. */
  private packed(dictionary: Uint8Array, data: Uint8Array): Packed {
    const bodies = [this.compress(dictionary), this.compress(data)] as const;
    const size = bodies[0].length + bodies[1].length;
    if (this.#codec !== 'uncompressed' && size <= (dictionary.length + data.length) * WORTH) {
      return { codec: this.#codec, bodies };
    }
    return { codec: 'uncompressed', bodies: [Buffer.from(dictionary), Buffer.from(data)] };
  }

  private compress(data: Uint8Array): Buffer {
    if (this.#codec === 'uncompressed' || data.length === 0) return Buffer.from(data);
    return zstdCompressSync(data, {
      chunkSize: Math.max(1024, data.length + (data.length >> 7) + 512),
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
    });
  }
}

const isPhysical = (leaf: ThriftStruct, kind: number | undefined): boolean =>
  Number(integer(leaf, 1)) === PHYSICAL[kind ?? 0];

const NOTHING = new Uint8Array();

/** Of a dictionary, which may be nothing, and of the data. */
interface Packed {
  readonly codec: Codec;
  readonly bodies: readonly [Buffer, Buffer];
}

/** What lies between the magic and the footer. */
class Body {
  readonly start = 4;
  readonly chunks: Buffer[] = [];
  size: number = this.start;
  uncompressed = 0;

  /** `about` is what the header says of this kind of page, `size` that of its data before. */
  page(type: bigint, size: number, data: Buffer, about: readonly [number, ThriftValue]): void {
    const header = encodeStruct(
      new Map([[1, i32(type)], [2, i32(size)], [3, i32(data.length)], about]),
    );
    this.chunks.push(header, data);
    this.size += header.length + data.length;
    this.uncompressed += header.length + size;
  }
}
