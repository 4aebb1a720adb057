/** Command lines made at random print the same with a daemon and without it, hot or cold. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { BIN } from '../cli/nairobi.ts';
import { FILES } from './command-lines.ts';
import { type Running, startDaemon } from './daemon.ts';

const RUNS = Number(process.env['NAIROBI_VIA_LINES'] ?? 150);
const SEED = process.env['NAIROBI_SEED'];

let daemon: Running;

beforeAll(async () => {
  daemon = await startDaemon([], { NO_COLOR: '1', TZ: 'Africa/Nairobi' });
  for (const [name, text] of Object.entries(MORE_FILES)) daemon.file(name, text);
  daemon.file('lines.ndjson.gz', gzipSync(FILES['lines.ndjson'] ?? ''));
  for (const name of WRITTEN) {
    const words = ['query', "select * from 'plain.csv'", '-o', name, '--via', 'never'];
    expect(outcome(words, [], {}).status, name).toBe(0);
  }
  using client = Connection.open(daemon.socket);
  for (const name of [...Object.keys(FILES), ...WRITTEN, 'lines.ndjson.gz']) {
    const place = path.join(daemon.folder, name);
    await client.request('Open', { path: place }).catch(() => undefined);
  }
});
afterAll(async () => {
  await daemon.stop();
});

const MORE_FILES: Readonly<Record<string, string>> = {
  ...FILES,
  'empty.csv': '',
  'header.csv': 'a,b\n',
  'semi.txt': 'a;b\n1,5;x\n2,5;"y;z"\n',
  'list.json': '[{"a":1,"b":"x"},{"a":9007199254740993,"b":null}]',
  "it's odd.csv": 'x y,z\n1,ü\n,日本\n',
};

/** The rows of plain.csv in other formats, by the program itself. */
const WRITTEN = ['plain.parquet', 'plain.arrow'];

const SOURCES = [
  ...Object.keys(MORE_FILES),
  ...WRITTEN,
  'lines.ndjson.gz',
  'part-*.csv',
  'missing.csv',
  '.',
];
const COLUMNS = ['id', 'temp', 'city', 'at', 'ok', 'a', 'b', 'k', 'v', 'n', '"x y"', 'nothing'];
const FIGURES = ['mean', 'max', 'count', 'median', 'p95', 'sd', 'nope'];

const source = fc.constantFrom(...SOURCES);
const column = fc.constantFrom(...COLUMNS);
const word = (...words: string[]) => fc.constantFrom(...words).map((one) => [one]);
const flag = (name: string, ...values: string[]) =>
  fc.constantFrom(...values).map((value) => [name, value]);
const some = (...flags: fc.Arbitrary<string[]>[]) =>
  fc.array(fc.oneof(...flags), { maxLength: 3 }).map((all) => all.flat());

const READING = [
  flag('--input-format', 'csv', 'ndjson', 'parquet'),
  flag('-d', ',', ';', '\\t'),
  word('--no-header', '--header', '--all-text', '--decimal-comma', '--union-by-name'),
  flag('--nulls', 'x,1', ''),
  flag('--types', 'id=text', 'a=float', 'a=nope'),
  flag('--infer-rows', '1', 'all', '-3'),
  flag('--on-error', 'skip', 'null', 'fail'),
  flag('--filename-col', 'file', 'id'),
  word('-q', '--json', '--quiet', '--no-such-flag'),
  flag('--via', 'auto'),
];

// Each ends in an order of its own: that of groups differs from run to run.
const sql = fc
  .tuple(column, column, source)
  .chain(([one, other, from]) =>
    fc.constantFrom(
      `select * from '${from.replaceAll("'", "''")}' limit 7`,
      `select ${one} from data order by 1 limit 5`,
      `select ${one}, count(*) from data group by ${one} order by 2 desc, 1 limit 9`,
      `select max(${one}), min(${other}), count(${one}) from data`,
      `select sum(${one}), avg(${one}), stddev(${one}) from data`,
      `select ${one}, ${other} from data where ${one} > 3 order by 1, 2 limit 4`,
      `select ${one} || '-' || ${other} as "both" from data order by 1 limit 3`,
      `select ${one} from data where ${other} = $p order by 1 limit 3`,
      `select`,
    ),
  );

const queryLine = fc
  .tuple(
    sql,
    source,
    some(
      ...READING,
      flag(
        '--format',
        'csv',
        'tsv',
        'json',
        'ndjson',
        'table',
        'markdown',
        'html',
        'vertical',
        'x',
      ),
      flag('--max-rows', '2', 'all', '0'),
      flag('--null-value', 'NULL', ''),
      word('--bigint=string', '-oout.csv', '--output=out.parquet'),
      flag('-o', 'out.json', 'out.arrow', 'no/out.csv', 'out'),
      flag('-p', 'p=Rome', 'p=1', 'q=1'),
      flag('--tz', 'Africa/Nairobi', 'Nowhere'),
    ),
  )
  .map(([text, from, flags]) => ['query', text, from, ...flags]);

const statsLine = fc
  .tuple(
    source,
    fc.option(column, { nil: undefined }),
    some(
      ...READING,
      word('--all', '--csv', '--markdown', '--transpose', '--schema', '--corr', '--approx'),
      fc.constantFrom(...FIGURES).map((one) => ['--get', one]),
      fc.constantFrom(...FIGURES).map((one) => ['--figures', `count,${one}`]),
      column.map((one) => ['--by', one]),
      column.map((one) => ['--hist', one]),
      column.map((one) => ['--freq', one]),
      flag('--where', 'id > 10', 'nope', "city = 'Rome'"),
      flag('--compare', 'plain.csv', 'part-2.csv'),
      flag('--quantiles', '0.1,0.9', '2'),
    ),
  )
  .map(([from, one, flags]) => ['stats', from, ...(one === undefined ? [] : [one]), ...flags]);

const plotLine = fc
  .tuple(
    source,
    column,
    column,
    fc.constantFrom('out.png', 'out.svg', 'out.pdf', 'out.html', 'out.vl.json', 'out.txt', 'out'),
    some(
      ...READING,
      flag('--mark', 'line', 'point', 'bar', 'histogram', 'box', 'strip', 'pie'),
      flag('--agg', 'mean', 'max'),
      flag('--every', '1d', '10'),
      flag('--theme', 'dark', 'nope'),
      flag('--x-range', '0,100', 'x'),
      flag('--width', '300', '-1'),
      word('--density', '--panels', '--title=Ünï'),
      column.map((one) => ['--color', one]),
      flag('--where', 'temp > 10', 'nope > 1'),
    ),
  )
  .map(([from, x, y, out, flags]) => ['plot', from, '-x', x, '-y', y, '-o', out, ...flags]);

const environment = fc.constantFrom<NodeJS.ProcessEnv>(
  {},
  { NO_COLOR: '1' },
  { TZ: 'Asia/Tokyo', LC_ALL: 'C' },
  { SOURCE_DATE_EPOCH: '1000', TERM: 'dumb' },
);

const OUTPUTS = ['csv', 'parquet', 'json', 'arrow', 'png', 'svg', 'pdf', 'html', 'vl.json', 'txt'];

/** All a run leaves behind; of the report of --json only that there is one. */
function outcome(words: readonly string[], via: readonly string[], env: NodeJS.ProcessEnv) {
  const { stdout, stderr, status } = spawnSync('/bin/sh', [BIN, ...words, ...via], {
    cwd: daemon.folder,
    env: { ...process.env, SOURCE_DATE_EPOCH: '0', ...env },
    input: '',
    maxBuffer: 64 * 1024 * 1024,
  });
  const written = OUTPUTS.map((ending) => path.join(daemon.folder, `out.${ending}`)).filter(
    (file) => existsSync(file),
  );
  const files = written.map((file) => {
    const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
    rmSync(file);
    return `${path.basename(file)} ${digest}`;
  });
  const text = stdout
    .toString('latin1')
    .replace(/"report":\{.*?\}(?=,"(rows|columns)"|\}\s*$)/s, '');
  const told = stderr.toString().replace(/\.[0-9a-f]{12}\.tmp/g, '.tmp');
  return { stdout: text, stderr: told, status, files };
}

test('a command line made at random prints the same with a daemon', { timeout: 3_600_000 }, () => {
  const line = fc.oneof(queryLine, queryLine, statsLine, plotLine);
  fc.assert(
    fc.property(line, environment, (words, env) => {
      const alone = outcome(words, ['--via', 'never'], env);
      expect(outcome(words, ['--via', daemon.socket], env)).toEqual(alone);
      const auto = { ...env, NAIROBI_SOCKET: daemon.socket };
      expect(outcome(words, ['--via', 'auto'], auto)).toEqual(alone);
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
  // What came of it all is still there.
  writeFileSync(path.join(daemon.folder, 'end.csv'), 'a\n1\n');
  expect(outcome(['query', 'select a from data', 'end.csv'], ['--via', daemon.socket], {})).toEqual(
    { stdout: 'a\n1\n', stderr: '', status: 0, files: [] },
  );
});
