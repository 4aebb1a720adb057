/** Each command that reads a file, as one line for a given input: what the hard cases run. */

export interface Reader {
  readonly name: string;
  /** The arguments that read `source`, whose first columns are `x` and `y`. */
  readonly args: (source: string, x: string, y: string) => readonly string[];
  /** The file it writes, if it writes one. */
  readonly output: string | undefined;
}

export const READERS: readonly Reader[] = [
  {
    name: 'ingest',
    args: (source) => ['ingest', source, '-o', 'out.parquet'],
    output: 'out.parquet',
  },
  {
    name: 'query',
    args: (source, x, y) => ['query', `SELECT "${x}", "${y}" FROM t`, `t=${source}`],
    output: undefined,
  },
  { name: 'stats', args: (source) => ['stats', source], output: undefined },
  {
    name: 'plot',
    args: (source, x, y) => ['plot', source, '-x', x, '-y', y, '-o', 'out.png'],
    output: 'out.png',
  },
];
