import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect, polars, toFrame } from '../../src/compute/polars.ts';
import { NairobiError } from '../../src/errors.ts';
import { decode } from '../../src/formats/decode.ts';
import type { Source } from '../../src/formats/decoded.ts';
import { encode } from '../../src/formats/encode.ts';

const CSV = 'a,b,d\n1,x,2024-01-01\n2,y,2024-01-02\n';
const table = () => toFrame(decode({ path: 'a.csv', bytes: Buffer.from(CSV) }).read());
const made = (format: 'parquet' | 'arrow' | 'ndjson' | 'json'): Buffer =>
  Buffer.concat([...encode(table(), format)]);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-columns-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const FORMATS: Readonly<Record<string, () => Buffer>> = {
  csv: () => Buffer.from(CSV),
  parquet: () => made('parquet'),
  arrow: () => made('arrow'),
  arrows: () => table().rechunk().writeIPCStream() as unknown as Buffer,
  avro: () => table().rechunk().writeAvro() as unknown as Buffer,
  ndjson: () => made('ndjson'),
  json: () => made('json'),
};

describe.each(Object.keys(FORMATS))('the columns of %s', (extension) => {
  const source = (): Source => {
    const path = join(folder, `a.${extension}`);
    const bytes = FORMATS[extension]?.() ?? Buffer.alloc(0);
    writeFileSync(path, bytes);
    return { path, bytes, scanPath: path };
  };

  it('have their types', () => {
    expect(decode(source()).columns).toEqual([
      { name: 'a', type: 'Int64' },
      { name: 'b', type: 'String' },
      { name: 'd', type: 'Date' },
    ]);
  });

  it('come in the order they are asked for, each once', () => {
    const decoded = decode(source());
    for (const frame of [
      toFrame(decoded.read(['d', 'a', 'd'])),
      collect(decoded.scan(['d', 'a'])),
    ]) {
      expect(frame.writeCSV().toString()).toBe('d,a\n2024-01-01,1\n2024-01-02,2\n');
    }
  });

  it('may be none, and the rows are still counted', () => {
    const decoded = decode(source());
    expect(toFrame(decoded.read([])).height).toBe(2);
    const counted = collect(decoded.scan([]).select(polars().len()));
    expect(counted.writeCSV().toString()).toBe('len\n2\n');
  });

  it('that are not there are an error that names the others', () => {
    const work = (): unknown => decode(source()).read(['nope']);
    expect(work).toThrow(NairobiError);
    expect(work).toThrow(expect.objectContaining({ code: 'UNKNOWN_COLUMN' }));
  });
});
