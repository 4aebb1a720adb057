/** One table in every format and compression, and the ways in which a file can be broken. */
import { spawnSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type DataFrame, polars } from '../../src/compute/polars.ts';
import { encode } from '../../src/formats/encode.ts';
import { Chance } from '../sql/fuzz-tables.ts';

export const ROWS = 300;

/** A file, and whether what it holds is still whole: undefined where nobody can tell. */
export interface Broken {
  readonly name: string;
  readonly bytes: Buffer;
  readonly isWhole?: boolean;
}

function table(): DataFrame {
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  const pl = polars();
  return pl.DataFrame({
    i: pl.Series('i', rows, pl.Int64),
    s: rows.map((i) => `name ${i % 17}`),
    d: rows.map((i) => i / 8),
  });
}

function sqlite(): Buffer {
  const database = new DatabaseSync(':memory:');
  database.exec(`create table t(i integer, s text, d real);
    insert into t with recursive r(i) as (select 0 union all select i + 1 from r where i < ${ROWS - 1})
    select i, 'name ' || (i % 17), i / 8.0 from r`);
  return Buffer.from(database.serialize());
}

/** Extension -> the bytes of the whole file. */
export function wholeFiles(): Readonly<Record<string, Buffer>> {
  const frame = table();
  const text = (format: 'csv' | 'tsv' | 'ndjson' | 'json' | 'parquet' | 'arrow'): Buffer =>
    Buffer.concat([...encode(frame, format)]);
  return {
    csv: text('csv'),
    tsv: text('tsv'),
    psv: Buffer.from(text('csv').toString().replaceAll(',', '|')),
    ndjson: text('ndjson'),
    json: text('json'),
    parquet: text('parquet'),
    arrow: text('arrow'),
    arrows: Buffer.from(frame.writeIPCStream()),
    avro: Buffer.from(frame.writeAvro({ compression: 'deflate' })),
    sqlite: sqlite(),
  };
}

const TEXTS: ReadonlySet<string> = new Set(['csv', 'tsv', 'psv', 'ndjson', 'json']);

const COMPRESSORS: Readonly<Record<string, (bytes: Buffer) => Buffer | undefined>> = {
  gz: (bytes) => gzipSync(bytes),
  zst: (bytes) => zstdCompressSync(bytes),
  bz2: (bytes) => byTool('bzip2', bytes),
  xz: (bytes) => byTool('xz', bytes),
  lz4: (bytes) => byTool('lz4', bytes),
};

/** Undefined where this host lacks the tool. */
function byTool(tool: string, input: Buffer): Buffer | undefined {
  const { status, stdout } = spawnSync(tool, ['-c'], { input });
  return status === 0 ? stdout : undefined;
}

const changed = (bytes: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};

/** What may happen to any file. */
export function* brokenOf(extension: string, whole: Buffer, seed: number): Generator<Broken> {
  const chance = new Chance(seed);
  const middle = whole.length >> 1;
  const file = (what: string, bytes: Buffer, isWhole?: boolean, name = extension): Broken => ({
    name: `${what.replaceAll(' ', '-')}${name === '' ? '' : `.${name}`}`,
    bytes,
    ...(isWhole === undefined ? {} : { isWhole }),
  });
  yield file('whole', whole, true);
  yield file('empty', Buffer.alloc(0), false);
  yield file('one byte', whole.subarray(0, 1), false);
  yield file('one NUL', Buffer.from([0]), false);
  yield file('only its beginning', whole.subarray(0, 12));
  for (let at = 0; at < 6; at += 1) {
    const length = 1 + chance.below(whole.length - 1);
    yield file(`cut at ${length}`, whole.subarray(0, length));
    const place = chance.below(whole.length);
    const flipped = changed(whole, (copy) => {
      copy[place] = (copy[place] ?? 0) ^ (1 << chance.below(8));
    });
    yield file(`flipped at ${place}`, flipped);
  }
  yield file('cut by one', whole.subarray(0, -1));
  yield file(
    'other magic',
    changed(whole, (copy) => copy.fill(0x55, 0, 4)),
  );
  yield file(
    'zeros',
    changed(whole, (copy) => copy.fill(0, middle, middle + 64)),
  );
  yield file('something behind', Buffer.concat([whole, Buffer.from('garbage\n')]));
  yield file('twice', Buffer.concat([whole, whole]));
  for (const other of ['csv', 'parquet', 'json', `${extension}.gz`, '']) {
    yield file('by another name', whole, undefined, other);
  }
  if (TEXTS.has(extension)) yield* brokenTexts(file, whole);
  yield* brokenCompressed(file, extension, whole);
}

type Make = (what: string, bytes: Buffer, isWhole?: boolean, name?: string) => Broken;

function* brokenTexts(file: Make, whole: Buffer): Generator<Broken> {
  const text = whole.toString();
  const utf16 = (marked: string): Buffer => Buffer.from(marked, 'utf16le');
  const middle = whole.length >> 1;
  let line = 0;
  yield file('with a byte order mark', Buffer.from(`\ufeff${text}`), true);
  yield file('UTF-16 LE', utf16(`\ufeff${text}`), true);
  yield file('UTF-16 BE', utf16(`\ufeff${text}`).swap16(), true);
  yield file('CRLF', Buffer.from(text.replaceAll('\n', '\r\n')), true);
  yield file(
    'some CRLF',
    Buffer.from(text.replace(/\n/g, () => (line++ % 3 ? '\n' : '\r\n'))),
    true,
  );
  yield file(
    'a NUL inside',
    changed(whole, (copy) => copy.fill(0, middle, middle + 1)),
    false,
  );
  yield file(
    'no UTF-8',
    changed(whole, (copy) => copy.fill(0xff, middle, middle + 1)),
    false,
  );
}

function* brokenCompressed(file: Make, extension: string, whole: Buffer): Generator<Broken> {
  for (const [suffix, compress] of Object.entries(COMPRESSORS)) {
    const packed = compress(whole);
    if (packed === undefined) continue;
    const name = `${extension}.${suffix}`;
    const middle = packed.length >> 1;
    yield file('packed', packed, true, name);
    yield file('packed by another name', packed, true);
    yield file('packed cut in half', packed.subarray(0, middle), false, name);
    yield file('packed cut by one', packed.subarray(0, -1), undefined, name);
    yield file('packed cut to four', packed.subarray(0, 4), false, name);
    const flipped = changed(packed, (copy) => {
      copy[middle] = (copy[middle] ?? 0) ^ 0x10;
    });
    yield file('packed flipped', flipped, undefined, name);
    yield file('packed garbage', Buffer.concat([packed, Buffer.from('garbage')]), undefined, name);
    yield file('packed nothing', compress(Buffer.alloc(0)) ?? packed, false, name);
  }
}

const columns = (count: number): string[] => Array.from({ length: count }, (_, at) => `c${at}`);
const wide = columns(10_000);
const wideObject = JSON.stringify(Object.fromEntries(wide.map((name, at) => [name, at])));
const lists = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}\n`;
const objects = (depth: number): string => `[{"a":${'{"b":'.repeat(depth)}1${'}'.repeat(depth)}}]`;

/** Name, text, and the rows it has as NDJSON, or what its error says. */
export const ODD_TEXTS: readonly (readonly [
  name: string,
  text: string,
  answer: string | RegExp,
])[] = [
  ['header.csv', 'a,b\n', ''],
  ['header-without-end.csv', 'a,b', ''],
  ['short.csv', 'a,b\n1,2\n3\n', /1 field where/],
  ['long.csv', 'a,b\n1,2\n3,4,5\n', /3 fields where/],
  ['twice.csv', 'a,a,b\n1,2,3\n', '{"a":1,"a_1":2,"b":3}\n'],
  ['nameless.csv', ',b\n1,2\n', '{"column_1":1,"b":2}\n'],
  ['wide.csv', `${wide.join()}\n${wide.map((_, at) => at).join()}\n`, `${wideObject}\n`],
  ['wide.ndjson', `${wideObject}\n`, `${wideObject}\n`],
  ['wide.json', `[${wideObject}]`, `${wideObject}\n`],
  ['deep-50.ndjson', lists(50), /./],
  ['deep-5000.ndjson', lists(5000), /./],
  ['deep-200000.ndjson', lists(200_000), /./],
  ['deep-50.json', objects(50), /./],
  ['deep-5000.json', objects(5000), /./],
  ['deep-200000.json', objects(200_000), /./],
  ['huge.csv', `a\n${'9'.repeat(400)}\n1\n`, `{"a":"${'9'.repeat(400)}"}\n{"a":"1"}\n`],
  ['huge.ndjson', `{"a":${'9'.repeat(400)}}\n`, /./],
  ['huge-exponent.csv', 'a\n1e999999\n', '{"a":"1e999999"}\n'],
  ['huge-exponent.ndjson', '{"a":1e999999}\n', /./],
  ['never-closed.csv', `a,b\n"${'x\n'.repeat(100_000)}`, /never closed/],
  ['bad-line.ndjson', '{"a":1}\n{"a":}\n', /./],
  ['arrays.ndjson', '[1,2]\n[3,4]\n', /./],
  ['scalars.ndjson', '1\n2\n', /./],
  ['scalar.json', '5', /./],
  ['text.json', '"x"', /./],
  ['object.json', '{"a":1,"b":"x"}', '{"a":1,"b":"x"}\n'],
  ['nothing.json', '[]', /./],
  ['scalars.json', '[1,2]', /./],
  ['null.json', 'null', /./],
  ['comma.json', '[{"a":1},]', /./],
  ['nan.json', '[{"a":NaN}]', /./],
  ['comment.json', '[/*x*/{"a":1}]', /./],
  ['keys.json', '[{"a":1,"a":2}]', /./],
  ['surrogate.ndjson', '{"a":"\\ud800"}\n', /./],
  ['control.ndjson', '{"a":"x\ty"}\n', /./],
  ['page.csv', '<html><body>404</body></html>\n', /HTML page/],
  ['page.json', '<?xml version="1.0"?><a/>\n', /./],
];
