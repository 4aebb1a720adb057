import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ReadOptions } from '../../src/formats/options.ts';
import { ask, askPipe, countTwice, gzipped, KEPT, REUSED, WHOLE } from './segments-model.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const HEADER = 'id,name,value\n';
const line = (id: number, value: string | number = id / 4): string => `${id},n${id % 7},${value}\n`;
const lines = (count: number): string =>
  range(count)
    .map((id) => line(id))
    .join('');
/** Each segment is a plan of its own: beyond a few dozen, more take time and show nothing new. */
const full = process.env['NAIROBI_TEST_FULL'] === '1';
const some = (few: number, many: number): number => (full ? many : few);
const GIVEN: ReadOptions = { types: { id: 'Int64', value: 'Float64' } };
const GROUPED =
  'select name, count(*) n, sum(id) s, avg(value) a, max(value) m from t group by name order by name';

describe('a compressed file in segments', () => {
  it('gives the answer of the whole file, whatever lies in memory at a time', async () => {
    const file = gzipped(HEADER + lines(some(400, 2000)));
    const whole = await ask(GROUPED, file, WHOLE);
    expect(whole.error).toBeUndefined();
    expect(await ask(GROUPED, file, KEPT)).toMatchObject({ rows: whole.rows, types: whole.types });
    expect(await ask(GROUPED, file, REUSED)).toMatchObject({ rows: whole.rows });
    const all = 'select * from t';
    expect((await ask(all, file, REUSED)).rows).toBe((await ask(all, file, WHOLE)).rows);
  });

  it('is read whole for a plan that needs all rows at once', async () => {
    const file = gzipped(HEADER + lines(some(250, 500)));
    const sql = 'select id, row_number() over (order by value desc) r from t order by id limit 3';
    expect((await ask(sql, file, REUSED)).rows).toBe((await ask(sql, file, WHOLE)).rows);
  });

  it('widens a column that is contradicted late, and computes all of it anew', async () => {
    const exact = 9007199254740993n;
    const count = some(200, 600);
    const late = [
      ...range(count).map((id) => line(id, id)),
      line(count, '0.5'),
      line(count + 1, '7'),
    ];
    const files: readonly (readonly [string, string])[] = [
      ['Float64', HEADER + late.join('')],
      // A double would round the large one, which stands before the fraction or behind it.
      ['Decimal(38, 1)', HEADER + line(0, 1) + line(1, String(exact)) + late.join('')],
      ['Decimal(38, 1)', HEADER + late.join('') + line(count + 2, String(exact))],
    ];
    for (const [type, text] of files) {
      const file = gzipped(text);
      const sql = 'select value from t order by id, value limit 1000';
      for (const sizes of [KEPT, REUSED]) {
        const answer = await ask(sql, file, sizes);
        expect(answer.types).toEqual([type]);
        expect(answer.rows).toBe((await ask(sql, file, WHOLE)).rows);
      }
    }
  });

  it('takes doubles as programs print them, with more digits than they keep', async () => {
    // JavaScript prints so many, and the same ones are read; the first row is beyond any integer.
    const printed = range(700).map((id) => line(id, Math.sin(id + 1) * 10 ** (id % 22)));
    const file = gzipped(HEADER + line(700, 1e25) + printed.join(''));
    expect(printed.some((row) => /,-?\d{17,}\n/.test(row))).toBe(true);
    const whole = await ask('select value from t order by id', file, WHOLE);
    expect(whole.types).toEqual(['Float64']);
    for (const sizes of [KEPT, REUSED]) {
      const answer = await ask('select value from t order by id limit 1000', file, sizes);
      expect(answer.error).toBeUndefined();
      expect(answer).toMatchObject({ rows: whole.rows, types: whole.types });
    }
  });

  it('names the same place for what is wrong as when it is read whole', async () => {
    const count = some(200, 700);
    const good = lines(count);
    const bad: readonly string[] = [
      `${HEADER}${good}701,x,abc\n${good}`,
      `${HEADER}${good}701,x\n${good}`,
      `${HEADER}${good}701,"x,1\n`,
      `${HEADER}${good}701,"x"y,1\n${good}`,
    ];
    for (const text of bad) {
      const file = gzipped(text);
      const sql = 'select sum(value), max(name) from t';
      const whole = await ask(sql, file, WHOLE, GIVEN);
      expect(whole.error?.where?.line).toBe(count + 2);
      for (const sizes of [KEPT, REUSED]) {
        const { error } = await ask(sql, file, sizes, GIVEN);
        if (error?.code === 'MEMORY_LIMIT') expect(text).toContain('"x,1');
        else expect(error?.message).toBe(whole.error?.message);
        expect(error?.where).toEqual(whole.error?.where);
      }
    }
  });

  it('leaves out or makes null what --on-error allows, and counts it', async () => {
    const good = lines(some(110, 300));
    const text = `${HEADER}${good}x,y\n\n301,n1,abc\n${good}302,n2,1.5.2\n${lines(90)}`;
    const file = gzipped(text);
    for (const onError of ['null', 'skip'] as const) {
      const whole = await ask(GROUPED, file, WHOLE, { ...GIVEN, onError });
      for (const sizes of [KEPT, REUSED]) {
        const answer = await ask(GROUPED, file, sizes, { ...GIVEN, onError });
        expect(answer.rows).toBe(whole.rows);
        expect(answer.rows).toBeDefined();
        expect(answer.notes).toEqual(whole.notes);
      }
    }
  });

  it('finds out late what an empty column and an ambiguous date are', async () => {
    const count = some(80, 200);
    const head = range(count).map((id) => `${id},,05/06/2024\n`);
    const rest = range(count).map((id) => `${id},${id},25/06/2024\n`);
    const file = gzipped(`id,late,day\n${[...head, ...rest].join('')}`);
    const sql = 'select sum(late) s, max(day) d from t';
    const whole = await ask(sql, file, WHOLE);
    expect(whole.types?.[1]).toBe('Date');
    for (const sizes of [KEPT, REUSED]) expect(await ask(sql, file, sizes)).toMatchObject(whole);
  });

  it('takes a record longer than a segment, and names one longer than memory', async () => {
    const long = `1,"${'long\n'.repeat(300)}",1\n`;
    const file = gzipped(HEADER + lines(20) + long + lines(20));
    const sql = 'select max(length(name)) l, count(*) n from t';
    expect((await ask(sql, file, KEPT)).rows).toBe('l,n\n1500,41\n');
    expect((await ask(sql, file, REUSED)).rows).toBe('l,n\n1500,41\n');
    const longer = gzipped(HEADER + lines(20) + long.replace('"l', `"${'x'.repeat(2000)}l`));
    const { error } = await ask(sql, longer, REUSED);
    expect(error?.exitCode).toBe(4);
    expect(error?.where?.line).toBe(22);
  });
});

describe('a pipe in segments', () => {
  it('is read once, and answers as the file does', async () => {
    const text = HEADER + lines(some(500, 3000));
    const whole = await ask(GROUPED, gzipped(text), WHOLE);
    for (const sizes of [WHOLE, KEPT, REUSED]) {
      expect((await askPipe(GROUPED, text, sizes)).rows).toBe(whole.rows);
      expect((await askPipe(GROUPED, gzipSync(text), sizes)).rows).toBe(whole.rows);
    }
  });

  it('is kept on disk when it is gone through more than once', async () => {
    const count = some(500, 3000);
    const text = HEADER + lines(count);
    for (const content of [text, gzipSync(text)]) {
      expect(await countTwice(content, REUSED)).toEqual([count, count]);
    }
  });

  it('ends as soon as LIMIT has its rows', async () => {
    const answer = await askPipe('select id from t limit 2', HEADER + lines(9000), REUSED);
    expect(answer.rows).toBe('id\n0\n1\n');
  });

  it('widens while all of it is kept, and else says which type to give', async () => {
    const text =
      HEADER +
      range(600)
        .map((id) => line(id, id))
        .join('') +
      line(600, '0.5');
    const sql = 'select sum(value) s from t';
    expect((await askPipe(sql, text, KEPT)).rows).toBe('s\n179700.5\n');
    const { error } = await askPipe(sql, text, REUSED);
    expect(error?.where).toMatchObject({ line: 602, column: 'value' });
    expect(error?.hint).toContain('--types value=double');
    const given = await askPipe(sql, text, REUSED, { types: { value: 'Float64' } });
    expect(given.rows).toBe('s\n179700.5\n');
  });
});

describe('NDJSON in segments', () => {
  const count = some(120, 240);
  const record = (id: number, more = ''): string => `{"id":${id},"name":"n${id % 7}"${more}}\n`;
  const sql = 'select name, count(*) n, sum(id) s from t group by name order by name';

  it('gives the answer of the whole file', async () => {
    const text = range(count)
      .map((id) => record(id))
      .join('');
    const file = gzipped(text, 'ndjson');
    const whole = await ask(sql, file, WHOLE);
    for (const sizes of [KEPT, REUSED]) {
      expect(await ask(sql, file, sizes)).toMatchObject({ rows: whole.rows, types: whole.types });
      expect((await askPipe(sql, text, sizes)).rows).toBe(whole.rows);
    }
  });

  it('knows keys and kinds of values that come late', async () => {
    const rest = [
      record(count, ',"late":1'),
      record(count + 1, ',"late":2.5'),
      '{"id":7.5,"name":"x"}\n',
    ];
    const text =
      range(count)
        .map((id) => record(id))
        .join('') + rest.join('');
    const file = gzipped(text, 'ndjson');
    for (const one of ['select * from t', 'select sum(late) l, max(id) m from t where id > 5']) {
      const whole = await ask(one, file, WHOLE);
      expect(whole.error).toBeUndefined();
      for (const sizes of [KEPT, REUSED]) {
        const { rows, types } = await ask(one, file, sizes);
        expect({ rows, types }).toEqual({ rows: whole.rows, types: whole.types });
      }
    }
    const broken = text.replace('"id":100,', '"id":100 ').replace('"id":110,', '"id":,');
    for (const onError of ['skip', 'fail'] as const) {
      const whole = await ask(sql, gzipped(broken, 'ndjson'), WHOLE, { onError });
      const { rows, error } = await ask(sql, gzipped(broken, 'ndjson'), REUSED, { onError });
      expect([rows, error?.where?.line]).toEqual([whole.rows, whole.error?.where?.line]);
    }
    // A key that nobody asked for is no matter, also in a pipe.
    const names = 'select count(name) n from t';
    expect((await askPipe(names, text, REUSED)).rows).toBe(`n\n${count + 3}\n`);
  });
});

describe('a JSON array in segments', () => {
  const SQL = 'select name, count(*) n, sum(id) s, max(at) a from t group by name order by name';
  const record = (id: number): object => ({
    id,
    name: `n${id % 7}, ["}`,
    at: `2024-01-${String((id % 28) + 1).padStart(2, '0')}`,
    more: { list: [id, id / 4], text: 'a\n"b"\\' },
  });
  const rows = range(60).map(record);
  const segmentBytes = some(1024, 512);
  const KEPT_ROWS = { ...KEPT, headBytes: 512, segmentBytes };
  const REUSED_ROWS = { headBytes: 512, regionBytes: 4096, segmentBytes };

  it('gives the answer of the whole file, however it is laid out', async () => {
    for (const text of [JSON.stringify(rows), ` \n${JSON.stringify(rows, null, 3)}\n\n`]) {
      const file = gzipped(text, 'json');
      for (const sql of [SQL, 'select id, at from t where id % 7 = 0 order by id limit 9']) {
        const whole = await ask(sql, file, WHOLE);
        expect(whole.error).toBeUndefined();
        for (const sizes of [KEPT_ROWS, REUSED_ROWS]) {
          // Each text and each query by both ways with both sizes, not all four together.
          const isPiped = (sql === SQL) === (sizes === KEPT_ROWS);
          if (full || !isPiped) {
            const { rows: found, types } = await ask(sql, file, sizes);
            expect({ rows: found, types }).toEqual({ rows: whole.rows, types: whole.types });
          }
          if (full || isPiped) expect((await askPipe(sql, text, sizes)).rows).toBe(whole.rows);
        }
      }
    }
  });

  it('knows keys and kinds of values that come late', async () => {
    const text = JSON.stringify([...rows, { ...record(60), late: 1 }, { id: 7.5, late: 2.5 }]);
    const file = gzipped(text, 'json');
    for (const sql of [
      'select id, late, at from t',
      'select sum(late) l, max(id) m from t where id > 5',
    ]) {
      const whole = await ask(sql, file, WHOLE);
      const { rows: found, types } = await ask(sql, file, REUSED_ROWS);
      expect({ found, types }).toEqual({ found: whole.rows, types: whole.types });
    }
  });

  it('names the place of what is wrong, and never takes a part for the whole', async () => {
    const text = JSON.stringify(rows, null, 1);
    const broken = [
      text.slice(0, -1),
      text.slice(0, text.lastIndexOf(',')),
      text.slice(0, -200),
      `${text}]`,
      text.replace('"id": 40', '"id": 040'),
      text.replace('"id": 40,', '"id": 40'),
      `${text.trimEnd().slice(0, -1)},7]`,
    ];
    for (const [at, one] of broken.entries()) {
      const file = gzipped(one, 'json');
      const whole = await ask(SQL, file, WHOLE);
      expect(whole.error?.where?.line).toBeGreaterThan(1);
      for (const sizes of [KEPT_ROWS, REUSED_ROWS]) {
        if (!full && (at % 2 === 0) === (sizes === KEPT_ROWS)) continue;
        const { error } = await ask(SQL, file, sizes);
        expect([error?.code, error?.where]).toEqual(['BAD_DATA', whole.error?.where]);
      }
    }
  });
});
