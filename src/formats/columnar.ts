/** The binary formats that Polars reads whole from memory: Parquet, Arrow and Avro. */
import { col, type DataFrame, type LazyFrame, polars, polarsMessage } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import { columnsOf } from '../compute/types.ts';
import { NairobiError } from '../errors.ts';
import { type Decoded, nothingRejected, planFailed, type Source } from './decoded.ts';
import type { FormatName } from './detect.ts';
import type { Understood } from './options.ts';

type Columnar = 'parquet' | 'arrow' | 'arrow-stream' | 'avro';

interface ReadSome {
  readonly columns?: string[];
  readonly nRows?: number;
}

/** Always from a Buffer: a path is mapped, and SIGBUS follows when the file shrinks (measured). */
function readSome(format: Columnar, bytes: Buffer, some: ReadSome): DataFrame {
  const pl = polars();
  switch (format) {
    case 'parquet':
      return pl.readParquet(bytes, some);
    case 'arrow':
      return pl.readIPC(bytes, some);
    case 'arrow-stream':
      return pl.readIPCStream(bytes, some);
    case 'avro':
      return pl.readAvro(bytes, some);
  }
}

/** Reads the schema now; throws BAD_DATA for bytes that are damaged. */
export function decodeColumnar(source: Source, format: Columnar): Decoded {
  const guarded = (some: ReadSome): DataFrame => {
    try {
      const frame: unknown = readSome(format, source.bytes, some);
      if (frame instanceof Error) throw frame;
      return frame as DataFrame;
    } catch (cause) {
      throw damaged(source, format, cause);
    }
  };
  const columns = columnsOf(guarded({ nRows: 0 }));
  return new ColumnarDecoded(source, format, columns, guarded);
}

function damaged(source: Source, format: FormatName, cause: unknown): NairobiError {
  return new NairobiError('BAD_DATA', `Cannot read this as ${format}: ${polarsMessage(cause)}`, {
    where: { file: source.path },
    hint: 'check that the file is complete',
    cause,
  });
}

class ColumnarDecoded implements Decoded {
  readonly format: Columnar;
  readonly columns: readonly Column[];
  readonly rows = undefined;
  readonly understood: Understood;
  readonly rejected = nothingRejected();
  readonly #source: Source;
  readonly #readSome: (some: ReadSome) => DataFrame;

  constructor(
    source: Source,
    format: Columnar,
    columns: readonly Column[],
    read: (some: ReadSome) => DataFrame,
  ) {
    this.#source = source;
    this.#readSome = read;
    this.format = format;
    this.columns = columns;
    this.understood = {
      format,
      columns: columns.map(({ name, type }) => ({ name, type, from: 'file' })),
      notes: [],
    };
  }

  read(columns?: readonly string[]): DataFrame {
    if (columns === undefined) return this.#readSome({});
    const known = new Set(this.columns.map(({ name }) => name));
    const unknown = columns.find((name) => !known.has(name));
    if (unknown !== undefined) {
      throw new NairobiError('UNKNOWN_COLUMN', `There is no column "${unknown}"`, {
        where: { file: this.#source.path },
        hint: `the columns are ${[...known].slice(0, 20).join(', ')}`,
      });
    }
    // A frame without columns has no rows either: one column keeps the count.
    const wanted =
      columns.length === 0
        ? this.columns.slice(0, 1).map(({ name }) => name)
        : [...new Set(columns)];
    return this.#readSome({ columns: wanted }).select(...wanted.map(col));
  }

  scan(columns?: readonly string[]): LazyFrame {
    const { scanPath } = this.#source;
    if (scanPath === undefined || (this.format !== 'parquet' && this.format !== 'arrow')) {
      return this.read(columns).lazy();
    }
    const pl = polars();
    const frame =
      this.format === 'parquet'
        ? pl.scanParquet(scanPath, { glob: false, hivePartitioning: false, cache: false } as never)
        : pl.scanIPC(scanPath, { cache: false } as never);
    // No column at all would be no row either.
    return columns === undefined || columns.length === 0
      ? frame
      : frame.select(...new Set(columns).values().map(col));
  }

  recover(cause: unknown): Decoded {
    if (cause instanceof NairobiError) throw cause;
    throw planFailed(cause);
  }
}
