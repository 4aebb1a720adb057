import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { duck, nairobi, workspace } from './binary.ts';

/** Quotes within fields in every third row; where `quoted`, some fields are quoted as well. */
function textOf(rows: number, quoted: boolean, badAt?: number): string {
  const lines = ['id,part,price\n'];
  for (let id = 0; id < rows; id += 1) {
    const isQuoted = quoted && id > 100 && id % 50 === 0;
    const part = isQuoted ? `"pipe, ""${id}"""` : `pipe ${id}${id % 3 === 0 ? '" wide' : ''}`;
    lines.push(`${id},${part},${id === badAt ? 'oops' : id / 4}\n`);
  }
  return lines.join('');
}

test.each([true, false])(
  'quotes within fields arrive, beside quoted fields: %s',
  async (quoted) => {
    using room = workspace('stray');
    const { path } = room;
    writeFileSync(join(path, 'in.csv'), textOf(60_000, quoted));
    const run = nairobi(path, ['ingest', 'in.csv', '-o', 'out.parquet']);
    expect(run.code, run.stderr).toBe(0);
    const sums =
      'count(*), sum(id), sum(price), sum(length(part)), min(part), max(part), sum(hash(part))';
    const columns = "{'id': 'BIGINT', 'part': 'VARCHAR', 'price': 'DOUBLE'}";
    const theirs = `read_csv('${path}/in.csv', columns = ${columns}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"')`;
    expect(await duck(`select ${sums} from '${path}/out.parquet'`)).toEqual(
      await duck(`select ${sums} from ${theirs}`),
    );
  },
);

test('a bad value among them is named by its line', () => {
  using room = workspace('stray-bad');
  const { path } = room;
  writeFileSync(join(path, 'in.csv'), textOf(5000, true, 4444));
  const types = ['--types', 'price=float'];
  const failed = nairobi(path, ['ingest', 'in.csv', '-o', 'x.parquet', ...types]);
  expect(failed.stderr).toContain('in.csv:4446:price');
  const apart = ['--on-error', 'quarantine', '--rejects', 'bad.ndjson', ...types];
  expect(nairobi(path, ['ingest', 'in.csv', '-o', 'y.parquet', ...apart]).code).toBe(5);
  const [reject] = readFileSync(join(path, 'bad.ndjson'), 'utf8').trim().split('\n');
  expect(JSON.parse(reject ?? '')).toMatchObject({ line: 4446, column: 'price' });
});

test('a field in double quotes behind a beginning of single ones is an error with its line', () => {
  using room = workspace('stray-single');
  const { path } = room;
  const rows = Array.from({ length: 90 }, (_, id) => `${id},'x, ${id}'\n`).join('');
  // Not all of it is its beginning, so the guess stays one.
  const filler = Array.from({ length: 400_000 }, (_, id) => `${id},'y, ${id}'\n`).join('');
  writeFileSync(join(path, 'in.csv'), `id,v\n${rows}${filler}7,"z"\n`);
  const run = nairobi(path, ['ingest', 'in.csv', '-o', 'x.parquet']);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('in.csv:400092');
  expect(run.stderr).toMatch(/quoted by '/);
});
