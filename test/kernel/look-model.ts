/** Random delimited text, and what looking at each of its values finds: for the fuzzers. */
import { writeSync } from 'node:fs';
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  bytesInMemory,
  CensusKernel,
  KERNEL_CHUNK_BYTES,
} from '../../src/formats/csv/census-kernel.ts';
import { oddColumns } from '../../src/formats/csv/odd-values.ts';
import { Records } from '../../src/formats/csv/records.ts';
import type { Dialect } from '../../src/formats/options.ts';
import { close, memfdCreate } from '../../src/kernel/calls.ts';
import { MEMFD } from '../../src/kernel/constants.ts';
import {
  checkRecords,
  pickColumns,
  pickWindows,
  type RecordCheck,
} from '../../src/kernel/records.ts';
import { LOOKED_FOR } from '../../src/kernel/records-tables.ts';
import { addressOf, type Fd } from '../../src/kernel/syscall.ts';

export interface LookCase {
  readonly bytes: Buffer;
  /** Where the first record begins: 0, or behind a header. */
  readonly byte: number;
  readonly dialect: Dialect;
  /** For each column what is looked for. */
  readonly watched: Uint8Array;
}

const digits = (least: number, most: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[0-9]{${least},${most}}$`));

const number = fc
  .tuple(
    fc.constantFrom('', '', '', ' ', '\t', '   ', ' \t'),
    fc.constantFrom('', '', '', '-', '+', '--'),
    fc.oneof(digits(0, 3), digits(0, 12), digits(13, 18), digits(15, 40)),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      digits(0, 20).map((text) => `.${text}`),
    ),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant('') },
      fc
        .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(0, 4))
        .map((parts) => parts.join('')),
    ),
    fc.constantFrom('', '', '', '', ' ', 'x'),
  )
  .map((parts) => parts.join(''));

const moment = fc
  .tuple(fc.constantFrom('2024-01-31 10:11:12', '31.01.2024 10:11', '10:11:12'), digits(0, 10))
  .map(([time, fraction]) => `${time}.${fraction}`);

const text = fc.oneof(
  fc.constantFrom('', '', 'NaN', 'nan', 'inf', '-Infinity', 'NULL', 'é', '日本', '1,5', '1,5e400'),
  fc.constantFrom('0', '00', '-0', '-', '+', '.', '1.', '.5', 'e', 'e100', '/', '1/2', '0x1f', ''),
  fc.constantFrom('a"b', '""', 'a\nb', '007', '-007', '1e400', '\r', '1\r', 'a, b', '1e'),
  fc.nat(140).map((length) => '7'.repeat(length)),
  fc.nat(140).map((length) => `x${' '.repeat(length)}e400`),
);

const value = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 4, arbitrary: fc.constantFrom('1', '20', '-3', '0', '0.5', '12.75', '-0.25') },
  { weight: 1, arbitrary: moment },
  { weight: 2, arbitrary: text },
);

/** Every one of ten fields in quotes that need none. */
function written(one: string, quoted: boolean, { delimiter, quote, lineEnd }: Dialect): string {
  const special = [delimiter, lineEnd, quote].some((part) => part !== '' && one.includes(part));
  if (quote !== '' && (special || quoted)) return `"${one.replaceAll('"', '""')}"`;
  return special ? '' : one;
}

const rows = fc.integer({ min: 1, max: 7 }).chain((fields) =>
  fc.record({
    watched: fc
      .array(fc.constantFrom(0, 1, 1, 3, 3, 4, 8), { minLength: fields, maxLength: fields })
      .map((kinds) => Uint8Array.from(kinds)),
    rows: fc.array(fc.array(fc.tuple(value, fc.nat(9)), { minLength: fields, maxLength: fields }), {
      maxLength: 24,
    }),
    // A row that is not plain: short, long, blank.
    spoilt: fc.option(fc.constantFrom('', ',', 'x', 'x,'.repeat(9)), { freq: 12 }),
  }),
);

export const lookCase: fc.Arbitrary<LookCase> = fc
  .tuple(
    rows,
    fc.constantFrom(',', ',', ';', '\t', '|'),
    fc.constantFrom('"', '"', ''),
    fc.constantFrom('\n', '\n', '\r\n', '\r'),
    fc.constantFrom('', 'header', 'a header that is long enough for more than one block of bytes'),
    fc.boolean(),
  )
  .map(([{ watched, rows: given, spoilt }, delimiter, quote, end, header, isEnded]) => {
    const lineEnd = end === '\r' ? '\r' : '\n';
    const dialect: Dialect = {
      ...{ delimiter, quote, lineEnd, header: header !== '' },
      ...{ comment: undefined, decimalComma: false },
    };
    const lines = given.map((row) =>
      row.map(([one, place]) => written(one, place === 0, dialect)).join(delimiter),
    );
    if (spoilt !== null) lines.splice(lines.length >> 1, 0, spoilt);
    const first = header === '' ? '' : header + end;
    const body = lines.join(end) + (isEnded && lines.length > 0 ? end : '');
    return { bytes: Buffer.from(first + body), byte: Buffer.byteLength(first), dialect, watched };
  });

/** What a parser, a lenient one included, may take for a number. */
const NUMBER = /^[ \t]*([+-]?[\d.,]*[\d.](e[+-]?\d+)?)?[ \t\r]*$/i;

function oddness(one: string, isQuoted: boolean): number {
  let bits = isQuoted || !/^(\r|$)/.test(one) ? LOOKED_FOR.unseen : 0;
  if (/\.\d{7}/.test(one) && !one.includes('"')) bits |= LOOKED_FOR.micros;
  if (!NUMBER.test(one)) return bits;
  if (/^[ \t]*(-?0\d|\+)/.test(one)) bits |= LOOKED_FOR.number;
  return /^[ \t]*-?\d{16}|e\+?\d{3}/i.test(one) ? bits | LOOKED_FOR.double : bits;
}

/** Nothing that a false alarm would be excused by. */
const isOrdinary = (one: string): boolean => one.length < 50 && NUMBER.test(one);

interface Reference {
  readonly found: Uint8Array;
  /** Columns of ordinary values alone. */
  readonly ordinary: readonly boolean[];
}

function reference({ bytes, byte, dialect, watched }: LookCase): Reference {
  const found = new Uint8Array(watched.length);
  const ordinary = [...watched].map(() => true);
  const records = new Records(bytes, dialect, { byte, line: 1 });
  for (let row = 0; records.next(); row += 1) {
    for (let column = 0; column < watched.length; column += 1) {
      // The first value of a text without a header is always in the sample.
      if (byte === 0 && row === 0 && column === 0) continue;
      const one = records.text(column);
      const bits = oddness(one, records.quoted[column] === true);
      found[column] = (found[column] ?? 0) | (bits & (watched[column] ?? 0));
      if (!isOrdinary(one)) ordinary[column] = false;
    }
  }
  return { found, ordinary };
}

/** undefined where there is no machine code for this processor. */
async function checked(look: LookCase): Promise<[boolean, Uint8Array] | undefined> {
  const { bytes, byte, dialect, watched } = look;
  const fd = memfdCreate('look', MEMFD.MFD_CLOEXEC) as Fd;
  try {
    writeSync(fd, bytes);
    const check: RecordCheck | undefined = checkRecords(
      fd,
      bytes.length,
      { byte, ...rulesOf(dialect), fields: watched.length },
      watched,
    );
    return check === undefined ? undefined : [await check.plain, await check.found];
  } finally {
    close(fd);
  }
}

const rulesOf = ({ delimiter, lineEnd, quote }: Dialect) => ({
  delimiter: delimiter.charCodeAt(0),
  lineEnd: lineEnd.charCodeAt(0),
  quote: quote === '' ? -1 : quote.charCodeAt(0),
});

const kernel = new CensusKernel();

/** What kind of case it was: of all of them there must have been some. */
export type Verdict = 'empty' | 'not plain' | 'nothing odd' | 'odd';

/**
 * Both ways to look (machine code where there is some, and WebAssembly) must find what looking at
 * each value finds; a false alarm of the machine code needs a value that is no ordinary number.
 */
export async function lookAt(look: LookCase): Promise<Verdict> {
  const { bytes, byte, dialect, watched } = look;
  if (byte >= bytes.length) return 'empty';
  const rules = { ...rulesOf(dialect), fields: watched.length };
  const scan = kernel.scan(bytesInMemory(bytes), byte, KERNEL_CHUNK_BYTES, rules);
  const plain = scan.stoppedAt === bytes.length;
  const machine = await checked(look);
  if (machine !== undefined) expect(machine[0]).toBe(plain);
  if (!plain) return 'not plain';
  const { found, ordinary } = reference(look);
  const watch = { ...dialect, columns: watched };
  const slower = oddColumns(bytesInMemory(bytes), byte, watch);
  for (const [column, bits] of found.entries()) {
    expect([column, (slower[column] ?? 0) & bits]).toEqual([column, bits]);
    if (machine === undefined) continue;
    expect([column, (machine[1][column] ?? 0) & bits]).toEqual([column, bits]);
    if (ordinary[column]) expect([column, machine[1][column] !== 0]).toEqual([column, bits !== 0]);
  }
  return found.some((bits) => bits !== 0) ? 'odd' : 'nothing odd';
}

/** The fields as they are written, byte by byte. */
function fieldsOf({ bytes, byte, dialect }: LookCase): string[][] {
  const all: string[][] = [];
  const text = bytes.toString('latin1', byte);
  let [row, from, inside] = [[] as string[], 0, false];
  for (let at = 0; at <= text.length; at += 1) {
    const one = at < text.length ? text[at] : dialect.lineEnd;
    if (at === text.length && from === at && row.length === 0) break;
    if (one === dialect.quote) inside = !inside;
    if (inside || (one !== dialect.delimiter && one !== dialect.lineEnd)) continue;
    row.push(text.slice(from, at));
    from = at + 1;
    if (one === dialect.lineEnd) all.push(row.splice(0));
  }
  return all;
}

/** What is picked part by part is what is picked at once, and found in it what is found else. */
export async function pickParts(
  look: LookCase,
  wanted: readonly boolean[],
  bytesAtOnce: number,
): Promise<void> {
  const { bytes, byte, dialect, watched } = look;
  const columns = Uint8Array.from(watched, (_, at) => (wanted[at] === true ? 1 : 0));
  if (byte >= bytes.length || !columns.includes(1)) return;
  const rules = { byte, ...rulesOf(dialect), fields: watched.length };
  const rooms = [Buffer.alloc(20_000, '#'), Buffer.alloc(20_000, '#')] as const;
  const [first, second] = rooms.map((room) => ({ address: addressOf(room), byteLength: 20_000 }));
  const fd = memfdCreate('look', MEMFD.MFD_CLOEXEC) as Fd;
  if (first === undefined || second === undefined) return;
  writeSync(fd, bytes);
  const check = pickWindows(fd, bytes.length, rules, watched, { ...first, columns });
  try {
    if (check === undefined) return;
    let all = '';
    let last = false;
    for (let part = 0; !last; part += 1) {
      const window = await check.window(part % 2 === 0 ? first : second, bytesAtOnce);
      const { stoppedAt } = kernel.scan(bytesInMemory(bytes), byte, KERNEL_CHUNK_BYTES, rules);
      if (window.answer !== 'plain') {
        expect(stoppedAt).not.toBe(bytes.length);
        return;
      }
      all += (rooms[part % 2] as Buffer).toString('latin1', 1, window.byteLength);
      for (const room of rooms) if (room !== rooms[part % 2]) room.fill('!');
      last = window.isLast;
    }
    const rows = fieldsOf(look).map((row) => row.filter((_, at) => columns[at] === 1));
    const { delimiter, lineEnd } = dialect;
    expect(all).toBe(rows.map((row) => row.join(delimiter) + lineEnd).join(''));
    const whole = await checkRecords(fd, bytes.length, rules, watched)?.found;
    expect(check.found).toEqual(whole);
  } finally {
    check?.close();
    close(fd);
  }
}

/** What is picked of a text are those fields; where there is no machine code, nothing is. */
export async function pickFrom(
  look: LookCase,
  wanted: readonly boolean[],
  room: number,
): Promise<void> {
  const { bytes, byte, dialect, watched } = look;
  const columns = Uint8Array.from(watched, (_, at) => (wanted[at] === true ? 1 : 0));
  if (byte >= bytes.length || !columns.includes(1)) return;
  const rules = { byte, ...rulesOf(dialect), fields: watched.length };
  const memory = Buffer.alloc(room + 64, '#');
  const fd = memfdCreate('look', MEMFD.MFD_CLOEXEC) as Fd;
  try {
    writeSync(fd, bytes);
    const pick = { columns, address: addressOf(memory), byteLength: room };
    const picked = await pickColumns(fd, bytes.length, rules, watched, pick);
    expect(memory.toString('latin1', room)).toBe('#'.repeat(64));
    if (picked === undefined || picked.answer === 'full') return;
    const { stoppedAt } = kernel.scan(bytesInMemory(bytes), byte, KERNEL_CHUNK_BYTES, rules);
    expect(picked.answer).toBe(stoppedAt === bytes.length ? 'plain' : 'faulty');
    if (picked.answer !== 'plain') return;
    const rows = fieldsOf(look).map((row) => row.filter((_, at) => columns[at] === 1));
    const { delimiter, lineEnd } = dialect;
    const expected = [[], ...rows].map((row) => row.join(delimiter) + lineEnd).join('');
    expect(memory.toString('latin1', 0, picked.byteLength)).toBe(expected);
  } finally {
    close(fd);
  }
}
