import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect, toFrame } from '../../src/compute/polars.ts';
import { rowsOf } from '../../src/formats/cells.ts';
import { decode } from '../../src/formats/decode.ts';
import type { ReadOptions } from '../../src/formats/options.ts';
import { resultOf } from '../../src/formats/result.ts';
import { bytesOf, type Model, textModel, typedModel } from './csv-model.ts';

const numRuns = process.env['NAIROBI_TEST_FULL'] === '1' ? 3000 : 60;
const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);
const settings = { numRuns, seed, verbose: 1 } as const;

let folder = '';
let path = '';
let duckdb: DuckDBConnection;

beforeAll(async () => {
  console.log(`seed ${seed}: NAIROBI_TEST_SEED repeats it`);
  folder = mkdtempSync(join(tmpdir(), 'nairobi-differential-'));
  path = join(folder, 'a.csv');
  duckdb = await (await DuckDBInstance.create()).connect();
});
afterAll(() => rmSync(folder, { recursive: true }));

function ourRows(bytes: Buffer, options: ReadOptions): (string | null)[][] {
  const frame = toFrame(decode({ path: 'a.csv', bytes }, options).read());
  const { frame: inner, columns } = resultOf(frame, {});
  return rowsOf(inner, columns);
}

const dialect = ({ style }: Model): ReadOptions => ({
  delimiter: style.delimiter,
  quote: '"',
  header: true,
});

/** Neither reader keeps a row that is one empty line. */
const isSeen = (row: readonly (string | null)[]): boolean => row.length > 1;

describe('delimited text', () => {
  it('is read as DuckDB reads it, value by value', async () => {
    await fc.assert(
      fc.asyncProperty(textModel, async (model) => {
        const bytes = bytesOf(model);
        writeFileSync(path, bytes);
        const reader = await duckdb.runAndReadAll(
          `select * from read_csv('${path}', all_varchar = true, header = true, auto_detect = false,
            delim = '${model.style.delimiter}', quote = '"', escape = '"', allow_quoted_nulls = false,
            new_line = '${model.style.lineEnd === '\n' ? '\\n' : '\\r\\n'}',
            columns = {${model.names.map((name) => `'${name}': 'VARCHAR'`).join(', ')}})`,
        );
        const ours = ourRows(bytes, { ...dialect(model), allText: true });
        expect(ours).toEqual(reader.getRows());
        expect(ours).toEqual(model.rows.filter(isSeen));
      }),
      settings,
    );
  });

  it('gives back the values it was made from, with their types', () => {
    fc.assert(
      fc.property(typedModel, (model) => {
        const bytes = bytesOf(model);
        const decoded = decode({ path: 'a.csv', bytes }, dialect(model));
        const rows = ourRows(bytes, dialect(model));
        for (const [index, type] of model.types.entries()) {
          const texts = model.rows.map((row) => row[index] ?? null);
          if (type === 'String' || texts.every((text) => text === null)) continue;
          expect(decoded.columns[index]?.type).toBe(type);
          const values = rows.map((row) => row[index] ?? null);
          expect(values.map((value) => canonical(value, type))).toEqual(
            texts.map((text) => canonical(text, type)),
          );
        }
      }),
      settings,
    );
  });

  it('is the same from bytes and from a path', () => {
    fc.assert(
      fc.property(typedModel, (model) => {
        const bytes = bytesOf(model);
        writeFileSync(path, bytes);
        const decoded = decode({ path: 'a.csv', bytes, scanPath: path }, dialect(model));
        const scanned = collect(decoded.scan());
        expect(scanned.writeCSV().equals(toFrame(decoded.read()).writeCSV())).toBe(true);
        expect(scanned.dtypes.map(String)).toEqual(toFrame(decoded.read()).dtypes.map(String));
      }),
      settings,
    );
  });
});

/** Equal for equal values: numbers by value, timestamps by instant. */
function canonical(text: string | null, type: string): unknown {
  if (text === null) return null;
  if (type === 'Float64') return Number(text) + 0;
  if (type.startsWith('Datetime')) return text.replace('T', ' ');
  return text;
}
