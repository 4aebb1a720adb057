/** What the code of asm/records-x64.s reads for each phase of a record and for each column. */

/** What can be looked for in a column; bits. See formats/csv/odd-values.ts. */
export const LOOKED_FOR = { number: 1, double: 2, micros: 4, unseen: 8 } as const;

/** See the source of the code. */
export interface Tables {
  readonly patterns: BigUint64Array;
  readonly phasesAfter: Uint16Array;
  readonly numbers: Uint32Array;
  readonly others: Uint32Array;
  readonly watched: Uint8Array;
}

export function tablesOf(fields: number, columns: Uint8Array): Tables {
  const patterns = new BigUint64Array(fields + 1);
  for (let phase = 0; phase < fields; phase += 1) {
    let bits = 0n;
    for (let bit = fields - 1 - phase; bit < 64; bit += fields) bits |= 1n << BigInt(bit);
    patterns[phase] = bits;
  }
  const phasesAfter = Uint16Array.from({ length: fields + 65 }, (_, index) => index % fields);
  const isOther = LOOKED_FOR.micros | LOOKED_FOR.unseen;
  const numbers = columns.map((bits) => (bits !== 0 && (bits & isOther) === 0 ? 1 : 0));
  const others = columns.map((bits) => ((bits & isOther) === 0 ? 0 : 1));
  return {
    patterns,
    phasesAfter,
    numbers: beginnings(fields, numbers),
    others: beginnings(fields, others),
    watched: columns.slice(),
  };
}

/** For each phase which of the next 64 ends of fields have one of these columns behind them. */
function beginnings(fields: number, isWanted: Uint8Array): Uint32Array {
  const halves = new Uint32Array(2 * (fields + 1));
  for (const [column, wanted] of isWanted.entries()) {
    for (let bit = 0; wanted !== 0 && bit < 64; bit += 1) {
      const phase = (column - 1 - bit + 64 * fields) % fields;
      const half = 2 * phase + (bit >> 5);
      halves[half] = (halves[half] ?? 0) | (1 << (bit & 31));
    }
  }
  return halves;
}

/** Runs: picked columns that stand beside each other in a record. */
export interface PickTables {
  readonly ends: Uint32Array;
  readonly starts: Uint32Array;
  /** Of a record. */
  readonly count: number;
}

export function pickTablesOf(columns: Uint8Array): PickTables {
  const fields = columns.length;
  const starts = columns.map((one, at) => (one === 1 && columns[at - 1] !== 1 ? 1 : 0));
  // The column behind a run, or the first one behind the last.
  const behind = columns.map((_, at) => {
    const before = at === 0 ? fields - 1 : at - 1;
    return columns[before] === 1 && (at === 0 || columns[at] !== 1) ? 1 : 0;
  });
  const count = starts.reduce((sum, one) => sum + one, 0);
  return { ends: beginnings(fields, behind), starts: beginnings(fields, starts), count };
}
