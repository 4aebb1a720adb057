import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cells, difference, Oracle } from './oracle.ts';
import { ROW_CORPUS } from './row-corpus.ts';

const ROWS = `select * from (values
  (1, 'duck', 5::int, 2.5::double, '{"a": {"b": [1, 2.5, 9007199254740993, "x\\"y"]}, "n": null, "t": true, "d c": -0.5}'),
  (2, 'Straße Ω', -7, -1e20, '[1, {"a": 2}, null]'), (3, '', 0, 0.1, '"text"'),
  (4, NULL, NULL, NULL, NULL), (5, 'kitten sitting', 123456789, 1e16, '12345678901234567890')
  ) t(id, s, i, f, j)`;

let oracle: Oracle;
beforeAll(async () => {
  oracle = await Oracle.open(2);
  await oracle.table('v', ROWS);
});
afterAll(() => oracle[Symbol.asyncDispose]());

const queryOf = (text: string): string =>
  /^(select|with|values)/.test(text) ? text : `select id, ${text} x from v order by id`;

const ours = async (text: string): Promise<unknown> =>
  (await oracle.ours(`select ${text} x`)).flat()[0];

describe('a function that JavaScript computes', () => {
  test.each(ROW_CORPUS)('%s', async (text) => {
    const sql = queryOf(text);
    const [mine, theirs] = [await oracle.ours(sql), await oracle.theirs(sql)];
    expect(difference(mine, theirs, true)).toBeUndefined();
  });

  test('gives piece by piece what it gives at once', async () => {
    const queries = [
      'select id, md5(s) m, levenshtein(s, j) l from v where length(sha1(s)) = 40 limit 9',
      "select format('{:>3d}', abs(i) % 3) k, count(*) n from v group by 1",
      "select max(md5(s)) m, sum(json_array_length(j)) n, count(distinct j->>'t') d from v",
      'select distinct bit_count(i) b from v',
    ];
    for (const sql of queries) {
      const query = await oracle.compile(sql);
      expect(query.wholeBecause, sql).toBeUndefined();
      const pieces = cells(await (query.runBounded as () => Promise<never>)());
      expect(difference(pieces, await oracle.theirs(sql), false), sql).toBeUndefined();
    }
  });

  test('counts characters, not bytes', async () => {
    expect(await ours("levenshtein('Straße', 'Strase')")).toBe('1');
    expect(await ours("damerau_levenshtein('añb', 'abñ')")).toBe('1');
    expect(await ours("hamming('é', 'e')")).toBe('1');
    expect(await ours("jaro_similarity('é', 'é')")).toBe(1);
  });

  test('keeps the digits of numbers in JSON', async () => {
    expect(await ours(`json_extract('{"a": [1.50, 1e400, -0]}', '$.a')`)).toBe('[1.50,1e400,-0]');
    expect(await ours('to_json(1.50::decimal(9,2))')).toBe('1.50');
    expect(await ours("json_object('a', 0.1::double, 'b', NULL)")).toBe('{"a":0.1,"b":null}');
  });

  test('makes another value for every row where it is to', async () => {
    const [row] = await oracle.ours(
      'select count(distinct uuid()) a, count(distinct uuidv7()) b from v',
    );
    expect(row).toEqual(['5', '5']);
  });

  test('says what it cannot take', async () => {
    const failure = (text: string): Promise<string> =>
      ours(text).then(
        (value) => `gave ${String(value)}`,
        (error: Error) => error.message,
      );
    expect(await failure('factorial(34)')).toContain('34 is not from 0 to 33');
    expect(await failure('factorial(-1)')).toContain('factorial()');
    expect(await failure("hamming('a', 'ab')")).toContain('equally long');
    expect(await failure("json_extract('nope', '$.a')")).toContain('this is no JSON: nope');
    expect(await failure("json_extract('{}', '$.*')")).toContain('wildcards');
    expect(await failure('chr(55296)')).toContain('no character');
    expect(await failure("format('{:d}', 'x')")).toContain('text cannot be written as "d"');
    expect(await failure("format('{} {}', 1)")).toContain('there is no value 2');
    expect(await failure("url_decode('%ff')")).toContain('not UTF-8');
    expect(await failure('lcm(9223372036854775807, 2)')).toContain('out of range');
    expect(await failure("list_transform(['a'], x -> md5(x))")).toContain('inside a lambda');
    // Not reached, nothing is wrong.
    expect(await ours('case when 1 > 2 then factorial((select -1)) end')).toBe(null);
  });

  test('is shown in the plan', async () => {
    const plan = (await oracle.compile('select md5(s) from v where sha1(s) > s')).explain();
    expect(plan).toContain('compute md5(s)');
  });
});
