/**
 * What a Parquet footer says of flat columns and where their pages are. Field numbers:
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { Unreadable } from '../groups/refusal.ts';
import { Cursor } from './cursor.ts';
import { type OpenFile, readAt } from './file.ts';

export const PHYSICAL = {
  boolean: 0,
  int32: 1,
  int64: 2,
  float: 4,
  double: 5,
  bytes: 6,
} as const;

/** A column that is a leaf right below the root. */
export interface Field {
  readonly physical: number;
  readonly isOptional: boolean;
  /** The format's older names of types; -1 for none. */
  readonly converted: number;
  /** The number of its logical type's arm, and of a time its unit's; 0 for none. */
  readonly logical: number;
  readonly unit: number;
}

export interface Chunk {
  readonly codec: number;
  readonly encodings: readonly number[];
  readonly values: number;
  /** Where its pages begin, and their bytes as they lie there. */
  readonly at: number;
  readonly size: number;
  /** Bytes of its pages when they are decompressed. */
  readonly unpacked: number;
}

export interface RowGroup {
  readonly rows: number;
  readonly chunks: ReadonlyMap<string, Chunk>;
}

export interface Footer {
  readonly fields: ReadonlyMap<string, Field>;
  readonly groups: readonly RowGroup[];
}

const MAGIC = 0x31524150; // PAR1
const TRAILER_BYTES = 8;
/** Nobody's footer; a length field could say 4 GiB. */
const MAX_FOOTER_BYTES = 2 ** 28;

/** Of `columns` only; throws Unreadable. */
export function readFooter(file: OpenFile, columns: ReadonlySet<string>): Footer {
  const trailer = readAt(file, file.size - TRAILER_BYTES, TRAILER_BYTES);
  const length = trailer.readUInt32LE(0);
  if (trailer.readUInt32LE(4) !== MAGIC || length > MAX_FOOTER_BYTES) {
    throw new Unreadable('it does not end as a Parquet file');
  }
  const cursor = new Cursor(readAt(file, file.size - TRAILER_BYTES - length, length));
  let fields: ReadonlyMap<string, Field> = new Map();
  const groups: RowGroup[] = [];
  cursor.struct((id) => {
    if (id === 2) fields = readSchema(cursor);
    else if (id === 4) cursor.list(() => groups.push(readGroup(cursor, columns)));
    else return false;
    return true;
  });
  return { fields, groups };
}

interface Element {
  name: string;
  physical: number;
  repetition: number;
  children: number;
  converted: number;
  logical: number;
  unit: number;
}

/** The leaves right below the root; those deeper down are passed over. */
function readSchema(cursor: Cursor): Map<string, Field> {
  const elements: Element[] = [];
  cursor.list(() => elements.push(readElement(cursor)));
  const fields = new Map<string, Field>();
  const below = (index: number): number => {
    let next = index + 1;
    for (let n = elements[index]?.children ?? 0; n > 0; n -= 1) {
      if (next >= elements.length) throw new Unreadable('its schema is cut off');
      next = below(next);
    }
    return next;
  };
  for (let index = 1; index < elements.length; index = below(index)) {
    const element = elements[index];
    if (element === undefined || element.children > 0 || element.repetition > 1) continue;
    const { name, physical, converted, logical, unit } = element;
    if (fields.has(name)) throw new Unreadable('two columns have one name');
    fields.set(name, { physical, isOptional: element.repetition === 1, converted, logical, unit });
  }
  return fields;
}

function readElement(cursor: Cursor): Element {
  const element: Element = {
    ...{ name: '', physical: -1, repetition: 0, children: 0 },
    ...{ converted: -1, logical: 0, unit: 0 },
  };
  cursor.struct((id) => {
    if (id === 1) element.physical = cursor.integer();
    else if (id === 3) element.repetition = cursor.integer();
    else if (id === 4) element.name = Buffer.from(cursor.bytes()).toString();
    else if (id === 5) element.children = cursor.integer();
    else if (id === 6) element.converted = cursor.integer();
    else if (id === 10) readLogical(cursor, element);
    else return false;
    return true;
  });
  return element;
}

/** A union: the one arm that is there; of TIMESTAMP and TIME also the unit, a union as well. */
function readLogical(cursor: Cursor, element: Element): void {
  cursor.struct((arm) => {
    element.logical = arm;
    cursor.struct((id, type) => {
      if (id !== 2 || type !== 12) return false;
      cursor.struct((unit) => {
        element.unit = unit;
        return false;
      });
      return true;
    });
    return true;
  });
}

function readGroup(cursor: Cursor, columns: ReadonlySet<string>): RowGroup {
  const chunks = new Map<string, Chunk>();
  let rows = 0;
  cursor.struct((id) => {
    if (id === 1) cursor.list(() => readChunk(cursor, columns, chunks));
    else if (id === 3) rows = cursor.integer();
    else return false;
    return true;
  });
  return { rows, chunks };
}

function readChunk(cursor: Cursor, columns: ReadonlySet<string>, chunks: Map<string, Chunk>): void {
  cursor.struct((id) => {
    // A path of its own: the pages are in another file.
    if (id === 1) throw new Unreadable('its pages are elsewhere');
    if (id !== 3) return false;
    const path: string[] = [];
    const encodings: number[] = [];
    let [codec, values, unpacked, size, data, dictionary] = [0, 0, 0, 0, 0, 0];
    cursor.struct((field) => {
      if (field === 2) cursor.list(() => encodings.push(cursor.integer()));
      else if (field === 3) cursor.list(() => path.push(Buffer.from(cursor.bytes()).toString()));
      else if (field === 4) codec = cursor.integer();
      else if (field === 5) values = cursor.integer();
      else if (field === 6) unpacked = cursor.integer();
      else if (field === 7) size = cursor.integer();
      else if (field === 9) data = cursor.integer();
      else if (field === 11) dictionary = cursor.integer();
      else return false;
      return true;
    });
    const [name = ''] = path;
    if (path.length === 1 && columns.has(name)) {
      // Some writers leave 0 where there is no dictionary.
      const at = dictionary > 0 ? Math.min(dictionary, data) : data;
      chunks.set(name, { codec, encodings, values, at, size, unpacked });
    }
    return true;
  });
}
