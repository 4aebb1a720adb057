import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { duck, nairobi, workspace } from './binary.ts';

/** Larger than what is read in one thread, with quoted newlines over the cuts and bad rows. */
function largeCsv(): { text: string; bad: number[] } {
  const lines = ['id,ts,note,value\n'];
  const bad: number[] = [];
  let line = 2;
  for (let id = 0; id < 700_000; id += 1) {
    const isBad = id % 100_000 === 77_777;
    if (isBad) bad.push(line);
    const note = id % 5 === 0 ? `"row ${id}\nof ""many"", with commas"` : `a note of row ${id}`;
    lines.push(
      `${id},2026-11-21 10:00:${String(id % 60).padStart(2, '0')},${note},${isBad ? 'oops' : id / 4}\n`,
    );
    line += id % 5 === 0 ? 2 : 1;
  }
  return { text: lines.join(''), bad };
}

test('a large file gives the same rows through threads and the ring as DuckDB reads', async () => {
  using room = workspace('parallel');
  const { path } = room;
  const { text, bad } = largeCsv();
  const filler = 'x'.repeat(60);
  writeFileSync(join(path, 'in.csv'), text.replaceAll('a note of', `a note ${filler} of`));
  const run = nairobi(path, [
    ...['ingest', 'in.csv', '-o', 'out.parquet', '--json', '--types', 'value=float'],
    ...['--on-error', 'quarantine', '--rejects', 'bad.ndjson'],
  ]);
  expect(run).toMatchObject({ code: 5, stderr: '' });
  const result = JSON.parse(run.stdout);
  expect(result.report.backend ?? 'preadv2').toMatch(/io_uring|preadv2/);
  expect(result.rows).toMatchObject({ rowsRead: 700_000, rowsRejected: bad.length });
  const rejects = readFileSync(join(path, 'bad.ndjson'), 'utf8').trim().split('\n');
  expect(rejects.map((one) => JSON.parse(one).line)).toEqual(bad);
  const measure = 'count(*), sum(id), sum(value), sum(length(note)), min(ts), max(ts)';
  const ours = await duck(`select ${measure} from '${path}/out.parquet'`);
  const types = "{'id': 'BIGINT', 'ts': 'TIMESTAMP', 'note': 'VARCHAR', 'value': 'DOUBLE'}";
  const theirs = await duck(
    `select ${measure} from read_csv('${path}/in.csv', columns = ${types}, header = true, quote = '"', escape = '"', ignore_errors = true)`,
  );
  expect(ours).toEqual(theirs);
  const failed = nairobi(path, ['ingest', 'in.csv', '-o', 'x.parquet', '--types', 'value=float']);
  expect(failed.stderr).toContain(`in.csv:${bad[0]}:value`);
}, 120_000);

test('a last batch of a few rows arrives, too', () => {
  using room = workspace('parallel-last');
  const { path } = room;
  const row = `1,${'x'.repeat(1021)}\n`;
  // Whole batches of 16 MiB, and three rows.
  const rows = (3 * 2 ** 24) / row.length + 3;
  writeFileSync(join(path, 'in.csv'), `a,b\n${row.repeat(rows)}`);
  const run = nairobi(path, ['ingest', 'in.csv', '-o', 'out.parquet', '--json']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(run.stdout).rows).toMatchObject({ rowsWritten: rows });
}, 60_000);
