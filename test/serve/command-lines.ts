/** Command lines whose output must be the same with the daemon and without it. */

export const FILES: Readonly<Record<string, string>> = {
  'plain.csv': [
    'id,temp,city,at,ok',
    ...Array.from(
      { length: 5_000 },
      (_, i) =>
        `${i},${(((i * 7919) % 1000) / 7).toFixed(4)},${['Rome', 'Nairobi', 'Oslo', ''][i % 4]},` +
        `2026-01-${String((i % 28) + 1).padStart(2, '0')} ${String(i % 24).padStart(2, '0')}:30:00,` +
        `${i % 3 === 0}`,
    ),
  ].join('\n'),
  'late.csv': `n,m\n${'1,2\n'.repeat(30_000)}1.5,x\n`,
  'lines.ndjson': Array.from({ length: 300 }, (_, i) =>
    JSON.stringify({ a: i, b: `t${i % 5}`, c: i % 7 === 0 ? null : i / 3 }),
  ).join('\n'),
  'bad.csv': 'a,b\n1,2\n3\n',
  'part-1.csv': 'k,v\na,1\nb,2\n',
  'part-2.csv': 'k,v\na,3\nc,4\n',
};

/** Arguments, in a folder with these files; the first words are the command. */
export const QUICK: readonly (readonly string[])[] = [
  [
    'query',
    "select city, count(*), avg(temp), stddev(temp) from 'plain.csv' group by city order by 1",
  ],
  ['query', 'select max(at) as last, min(temp) from p', 'p=plain.csv', '--format', 'json'],
  ['stats', 'plain.csv'],
  ['stats', 'plain.csv', 'temp', '--get', 'mean'],
  ['plot', 'plain.csv', '-x', 'id', '-y', 'temp', '-o', 'out.svg'],
  ['query', 'select * from data', 'bad.csv', '--json'],
];

export const MORE: readonly (readonly string[])[] = [
  ['query', "select * from 'plain.csv' where temp > 140 limit 5", '--format', 'table'],
  ['query', "select nothing from 'plain.csv'"],
  ['query', "select k, sum(v) as s from 'part-*.csv' group by k order by k"],
  ['query', 'select sum(n) from data', 'late.csv'],
  ['stats', 'plain.csv', 'temp,id', '--all', '--csv'],
  ['query', "select a, c from 'lines.ndjson' where b = 't1' order by a desc limit 4"],
  ['query', "select b, count(c) as n, sum(c) as s from 'lines.ndjson' group by b order by b"],
  [
    'query',
    "select p.city, q.k from 'plain.csv' p join 'part-1.csv' q on p.id = q.v order by 1, 2",
  ],
  ['query', 'select 1/0 as x, 2^0.5 as y', '--format', 'vertical'],
  ['query', 'select * from missing'],
  ['query', "select * from 'missing.csv'"],
  ['query', 'select * from data', 'plain.csv', 'part-1.csv', '--format', 'ndjson'],
  ['query', 'select m from data limit 2', 'late.csv'],
  ['query', 'select count(*) from data where ok', 'plain.csv', '--types', 'ok=text'],
  [
    'query',
    'select id, temp from data order by temp, id limit 9',
    'plain.csv',
    '--format',
    'markdown',
  ],
  ['query', 'select city, at from data limit 3', 'plain.csv', '--format', 'html'],
  ['query', 'select * from data limit 3', 'plain.csv', '--null-value', 'NULL', '--no-names'],
  ['query', 'select * from data', 'part-*.csv', '--filename-col', 'file'],
  ['query', 'select * from data', 'part-*.csv', '--union-by-name', '-o', 'out.parquet'],
  ['query', 'select * from data limit 10', 'plain.csv', '-o', 'out.json'],
  ['query', 'select * from data', 'part-1.csv', '-o', 'no/such/folder.csv'],
  ['query', 'select * from data', 'part-1.csv', '-o', 'name-without-format'],
  ['query', 'select * from data where city = $c limit 2', 'plain.csv', '-p', 'c=Rome'],
  ['query', 'select at from data order by at limit 2', 'plain.csv', '--tz', 'Africa/Nairobi'],
  ['query', 'select * from data', 'plain.csv', '--max-rows', 'none'],
  ['query', 'select quantile_cont(temp, 0.9), median(id) from data', 'plain.csv'],
  ['query', 'select city, rank() over (order by city) r from data limit 5', 'plain.csv'],
  ['query', '--no-such-flag'],
  ['query'],
  ['query', 'select * from data', 'bad.csv', '--on-error', 'skip'],
  ['query', 'select * from data', 'bad.csv', '--on-error', 'null', '-q'],
  ['stats', 'late.csv'],
  ['stats', 'lines.ndjson', '--transpose'],
  ['stats', 'plain.csv', '--by', 'city'],
  ['stats', 'plain.csv', '--corr'],
  ['stats', 'plain.csv', '--hist', 'temp', '--bins', '7'],
  ['stats', 'plain.csv', '--freq', 'city', '--markdown'],
  ['stats', 'plain.csv', '--schema'],
  ['stats', 'part-1.csv', '--compare', 'part-2.csv', '--fail-if', 'mean_shift>0.1'],
  ['stats', 'plain.csv', '--where', 'temp > 100', '--all'],
  ['stats', 'plain.csv', 'nothing'],
  ['stats', 'missing.csv'],
  ['stats', 'plain.csv', '--sql', 'select city, max(temp) as m from data group by city'],
  ['plot', 'plain.csv', '-x', 'temp', '--mark', 'histogram', '-o', 'out.png'],
  ['plot', 'plain.csv', '-x', 'at', '-y', 'temp', '--agg', 'mean', '--every', '1d', '-o', 'o.pdf'],
  ['plot', 'plain.csv', '-x', 'city', '-y', 'temp', '--mark', 'box', '-f', 'text'],
  ['plot', 'plain.csv', '-x', 'nothing', '-o', 'out.png'],
  ['plot', 'plain.csv', '-x', 'id', '-y', 'temp', '--density', '-o', 'out.jpg'],
  ['plot', 'plain.csv', '-x', 'id', '-y', 'temp', '-o', 'out.unknown'],
  ['plot', 'plain.csv', '-x', 'id', '-y', 'temp', '--color', 'city', '-f', 'svg'],
];
