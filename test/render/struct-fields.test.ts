/** Fields of structs on the axes. */
import { expect, test } from 'vitest';
import { folderWith, nairobi } from '../cli/nairobi.ts';

const ROWS = [3, 5, 4].map((ms, i) => ({
  ts: `2024-01-01T00:0${i}:00Z`,
  http: { ms, tls: { 'a.b': `v${i % 2}` } },
}));

test('a field of a struct, and of a struct in a struct, is drawn as a column is', () => {
  const cwd = folderWith({ 'h.ndjson': ROWS.map((row) => `${JSON.stringify(row)}\n`).join('') });
  nairobi(['query', "select * from 'h.ndjson'", '-o', 'h.parquet'], { cwd });
  for (const file of ['h.ndjson', 'h.parquet']) {
    const words = ['plot', file, '-x', 'ts', '-y', 'http.ms', '-c', 'http.tls.a.b', '-m', 'point'];
    const { stdout, stderr } = nairobi([...words, '-f', 'vl.json'], { cwd });
    expect(stderr).toBe('');
    const { datasets } = JSON.parse(stdout) as { datasets: { data: Record<string, unknown>[] } };
    const shown = datasets.data.map(({ y, color }) => [y, color]);
    expect(shown).toEqual([
      [3, 'v0'],
      [5, 'v1'],
      [4, 'v0'],
    ]);
  }
  const { stderr } = nairobi(['plot', 'h.ndjson', '-x', 'http.no', '-o', 'a.svg'], { cwd });
  expect(stderr).toContain('No column "http.no"');
});
