import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reporter } from '../../src/engine/run/report.ts';
import { Session } from '../../src/engine/session.ts';
import type { Encoding, ReadOptions } from '../../src/formats/options.ts';
import {
  ask,
  askPipe,
  countTwice,
  gzipped,
  HOST,
  KEPT,
  plain,
  REUSED,
  WHOLE,
} from './segments-model.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);
const MAPPED = { ...HOST, io: 'mmap' } as const;
const GROUPED =
  'select name, count(*) n, sum(id) s, max(value) m from t group by name order by name';
const HEADER = 'id,name,value\n';

const row = (id: number): string => `${id},Zürich ÿ${id % 7},${id / 4}\n`;
const rows = (count: number): string => Array.from({ length: count }, (_, id) => row(id)).join('');

function encoded(text: string, encoding: Encoding): Buffer {
  if (encoding === 'latin1') return Buffer.from(text, 'latin1');
  const marked = Buffer.from(`\ufeff${text}`, 'utf16le');
  return encoding === 'utf16be' ? marked.swap16() : marked;
}

/** UTF-16 says what it is. */
const readAs = (encoding: Encoding): ReadOptions => (encoding === 'latin1' ? { encoding } : {});

describe.each(['latin1', 'utf16le', 'utf16be'] as const)('%s in segments', (encoding) => {
  const read = readAs(encoding);

  it('gives the answer of the text as UTF-8: a file, compressed, through a pipe', async () => {
    const text = HEADER + rows(120);
    const content = encoded(text, encoding);
    const expected = await ask(GROUPED, gzipped(text), WHOLE);
    expect(expected.rows).toContain('Zürich ÿ6');
    const all = { rows: expected.rows, types: expected.types };
    expect(await ask(GROUPED, plain(content), KEPT, read, MAPPED)).toMatchObject(all);
    expect(await ask(GROUPED, plain(content), REUSED, read, MAPPED)).toMatchObject(all);
    expect(await ask(GROUPED, gzipped(content), REUSED, read)).toMatchObject(all);
    expect(await askPipe(GROUPED, content, REUSED, read)).toMatchObject(all);
    expect(await askPipe(GROUPED, gzipSync(content), REUSED, read)).toMatchObject(all);
  });

  it('is read whole for a plan that needs all rows at once', async () => {
    const content = encoded(HEADER + rows(200), encoding);
    const sql = 'select name, row_number() over (order by value desc) r from t order by id limit 3';
    const whole = await ask(sql, plain(content), WHOLE, read);
    expect(whole.rows).toContain('Zürich');
    for (const answer of [
      await ask(sql, plain(content), REUSED, read, MAPPED),
      await ask(sql, gzipped(content), REUSED, read),
      await askPipe(sql, content, REUSED, read),
      await askPipe(sql, gzipSync(content), REUSED, read),
    ]) {
      expect(answer.rows).toBe(whole.rows);
    }
  });

  it('names what is wrong at the same place, and widens a column that is contradicted', async () => {
    const wrong = encoded(`${HEADER}${rows(120)}121,ü,x,1\n${rows(120)}`, encoding);
    const sql = 'select sum(id), max(name) from t';
    const whole = await ask(sql, plain(wrong), WHOLE, read);
    expect(whole.error?.where?.line).toBe(122);
    const late = encoded(`${HEADER}${rows(120)}0.5,ü,1\n`, encoding);
    const wide = await ask(sql, plain(late), WHOLE, read);
    for (const sizes of [KEPT, REUSED]) {
      const { error } = await ask(sql, plain(wrong), sizes, read, MAPPED);
      expect(error?.message).toBe(whole.error?.message);
      expect({ ...error?.where, file: '' }).toEqual({ ...whole.error?.where, file: '' });
      expect((await ask(sql, plain(late), sizes, read, MAPPED)).rows).toBe(wide.rows);
      const lax = { ...read, onError: 'skip', types: { value: 'Float64' } } as const;
      const skipped = await ask(GROUPED, plain(wrong), WHOLE, lax);
      expect((await ask(GROUPED, plain(wrong), sizes, lax, MAPPED)).rows).toBe(skipped.rows);
    }
  });

  it('says what the text was before it was made UTF-8', () => {
    const options = { host: MAPPED, read, streamSizes: REUSED };
    using session = new Session(options, new Reporter());
    const file = plain(encoded(HEADER + rows(120), encoding));
    expect(session.open({ path: file }).pieces[0]?.understood.encoding).toBe(encoding);
  });

  it('may be lines of JSON', async () => {
    const lines = Array.from({ length: 150 }, (_, id) => `{"id":${id},"name":"ü${id % 3}"}\n`);
    const content = encoded(lines.join(''), encoding);
    const sql = 'select name, sum(id) s from t group by name order by name';
    const whole = await ask(sql, plain(content, 'ndjson'), WHOLE, read);
    expect(whole.rows).toContain('ü2,');
    const cut = await ask(sql, plain(content, 'ndjson'), REUSED, read, MAPPED);
    expect(cut.rows).toBe(whole.rows);
  });
});

it('a pipe of UTF-16 that is kept on disk is made UTF-8 in each pass', async () => {
  const content = encoded(HEADER + rows(300), 'utf16le');
  expect(await countTwice(content, REUSED)).toEqual([300, 300]);
  expect(await countTwice(gzipSync(content), REUSED)).toEqual([300, 300]);
});

it(`random texts give one answer wherever segments end (seed ${seed})`, async () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', 'é', 'ÿ', '"', ',', '\n', '😀'),
    maxLength: 9,
  });
  const quoted = cell.map((one) => `"${one.replaceAll('"', '""')}"`);
  const table = fc.array(quoted, { minLength: 40, maxLength: 120 });
  const check = async (cells: string[], encoding: Encoding): Promise<void> => {
    const body = cells.map((one, id) => `${id},${one}\n`).join('');
    const text = `id,name\n${encoding === 'latin1' ? body.replaceAll('😀', '\xa4') : body}`;
    const file = plain(encoded(text, encoding));
    const options = { ...readAs(encoding), types: { name: 'String' } };
    const sql = 'select id, name from t where name is not null order by id';
    const whole = await ask(sql, file, WHOLE, options);
    expect(whole.error).toBeUndefined();
    expect((await ask(sql, file, KEPT, options, MAPPED)).rows).toBe(whole.rows);
    expect((await ask(sql, file, REUSED, options, MAPPED)).rows).toBe(whole.rows);
  };
  const encodings = fc.constantFrom<Encoding>('latin1', 'utf16le', 'utf16be');
  await fc.assert(fc.asyncProperty(table, encodings, check), { seed, numRuns: 12 });
});
