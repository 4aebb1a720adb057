/**
 * The original's fused workload on its shape of file: ten figures of one column and two
 * correlations of two others, of data that is hot, in one call; beside a bare nodejs-polars script
 * that computes the same from the CSV, as a whole process.
 *   node bench/serve/fused.ts FILE [ROUNDS]
 * FILE is made by bench/wide/generate.mjs.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { Connection } from '../../src/client/connection.ts';
import { machine, measured, ROOT, withDaemon } from './measure.ts';

const [file = '', rounds = '7'] = process.argv.slice(2);
const FIGURES = 'count min max mean sd variance p95 p99 skewness kurtosis'.split(' ');
const PAIR = ['minutes', 'plus_minus'];

const digits = (values: readonly unknown[]): string =>
  values.map((value) => Number(value).toPrecision(9)).join(',');

interface Answer {
  readonly column: { readonly figures: Readonly<Record<string, number>> };
  readonly stats: { readonly pearson: number[][]; readonly spearman: number[][] };
  readonly ms: Readonly<Record<string, number>>;
}

await withDaemon([], async (socket) => {
  using client = Connection.open(socket);
  const { dataset } = (await client.request('Open', { path: path.resolve(file) })).result;
  const asked = {
    dataset: dataset ?? '',
    column: { column: 'points', figures: FIGURES },
    stats: { columns: PAIR, question: { is: 'corr' } },
  };
  const fused: number[] = [];
  const script: number[] = [];
  let ms: Answer['ms'] = {};
  for (let round = 0; round < Number(rounds); round += 1) {
    const start = performance.now();
    const answer = (await client.request('Run', asked)).result as never as Answer;
    fused.push(performance.now() - start);
    ms = answer.ms;
    const { pearson, spearman } = answer.stats;
    const ours = digits([
      ...FIGURES.map((figure) => answer.column.figures[figure]),
      pearson[0]?.[1],
      spearman[0]?.[1],
    ]);
    const begun = performance.now();
    const bare = spawnSync(process.execPath, [path.join(ROOT, 'bench/wide/polars.mjs'), file]);
    script.push(performance.now() - begun);
    const theirs = digits(bare.stdout.toString().trim().split(','));
    if (ours !== theirs) throw new Error(`they differ:\n${ours}\n${theirs}`);
  }
  const both = { fused: measured(fused), script: measured(script) };
  const ratio = Number((both.fused.p50 / both.script.p50).toFixed(3));
  const said = { unit: 'ms', file: path.basename(file), ...both, ratio, ms };
  console.log(JSON.stringify({ bench: 'serve/fused', machine: machine(), ...said }));
});
process.exit();
