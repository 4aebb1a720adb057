/**
 * The charts whose cost is promised, beside their yardsticks, interleaved; medians of wall time,
 * CPU time and peak memory, and the ratio of each.
 *
 *   node bench/plot/compare.ts small [ROUNDS]
 *   node bench/plot/compare.ts density POINTS.parquet POINTS.f32 [ROUNDS]
 *   node bench/plot/compare.ts gnuplot|polars FILE.csv X Y [ROUNDS]
 *
 * "small" draws stocks.csv against a bare script that imports vega, vega-lite and canvas;
 * "density" ten million points against gnuplot's png terminal (bench/plot/make-points.ts); the
 * others two columns of a large CSV file against gnuplot, which reads them itself, and against a
 * script that reads and counts them with nodejs-polars but draws nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nairobi-bench-'));
const [kind, ...rest] = process.argv.slice(2);

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakKb: number;
}

/** GNU time's figures of one run. */
function run(command: string, args: readonly string[]): Cost {
  const report = join(folder, 'time');
  const { status, stderr } = spawnSync(
    '/usr/bin/time',
    ['-f', '%e %U %S %M', '-o', report, command, ...args],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  const text = spawnSync('cat', [report], { encoding: 'utf8' }).stdout;
  const [wall = 0, user = 0, system = 0, peak = 0] = text.trim().split(/\s+/).map(Number);
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000, peakKb: peak };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const medians = (costs: readonly Cost[]): Cost => ({
  wallMs: median(costs.map((cost) => cost.wallMs)),
  cpuMs: median(costs.map((cost) => cost.cpuMs)),
  peakKb: median(costs.map((cost) => cost.peakKb)),
});

function pair(): { ours: () => Cost; theirs: () => Cost; rounds: number } {
  const nairobi = join(root, 'bin/nairobi');
  const output = join(folder, 'out.png');
  if (kind === 'small') {
    const source = join(root, 'node_modules/vega-datasets/data/stocks.csv');
    const flags = ['-x', 'date', '-y', 'price', '-c', 'symbol', '-m', 'line', '-q', '-o', output];
    return {
      ours: () => run(nairobi, ['plot', source, ...flags]),
      theirs: () => run('node', [join(root, 'bench/plot/bare.mjs'), source, output]),
      rounds: Number(rest[0] ?? 15),
    };
  }
  if (kind === 'gnuplot' || kind === 'polars') return ofText(nairobi, output);
  const [parquet = '', floats = ''] = rest;
  const flags = ['-x', 'x', '-y', 'y', '--width', '1600', '--height', '900', '-q', '-o', output];
  const script = gnuplotScript(output, 1600, 900, [
    `plot '${floats}' binary format='%float32%float32' using 1:2 with dots notitle`,
  ]);
  return {
    ours: () => run(nairobi, ['plot', parquet, ...flags]),
    theirs: () => run('gnuplot', [script]),
    rounds: Number(rest[2] ?? 7),
  };
}

function ofText(nairobi: string, output: string): ReturnType<typeof pair> {
  const [file = '', x = '', y = ''] = rest;
  const script = gnuplotScript(output, 800, 500, [
    "set datafile separator ','",
    `plot '${file}' using (column('${x}')):(column('${y}')) with dots notitle`,
  ]);
  const flags = ['--mark', 'point', '-x', x, '-y', y, '-q', '-o', output];
  return {
    ours: () => run(nairobi, ['plot', file, ...flags]),
    theirs: () =>
      kind === 'gnuplot'
        ? run('gnuplot', [script])
        : run('node', [join(root, 'bench/plot/bare-polars.mjs'), file, x, y]),
    rounds: Number(rest[3] ?? 3),
  };
}

function gnuplotScript(
  output: string,
  width: number,
  height: number,
  lines: readonly string[],
): string {
  const script = join(folder, 'gnuplot');
  const all = [`set terminal png size ${width},${height}`, `set output '${output}'`, ...lines];
  writeFileSync(script, `${all.join('\n')}\n`);
  return script;
}

const { ours, theirs, rounds } = pair();
const costs: { ours: Cost[]; theirs: Cost[] } = { ours: [], theirs: [] };
ours();
for (let round = 0; round < rounds; round += 1) {
  costs.theirs.push(theirs());
  costs.ours.push(ours());
}
const [mine, other] = [medians(costs.ours), medians(costs.theirs)];
const ratio = (key: keyof Cost): number => Number((mine[key] / other[key]).toFixed(3));
rmSync(folder, { recursive: true });
console.log(
  JSON.stringify(
    {
      kind,
      rounds,
      cpu: cpus()[0]?.model,
      cpus: cpus().length,
      node: process.version,
      nairobi: mine,
      yardstick: other,
      ratio: { wall: ratio('wallMs'), cpu: ratio('cpuMs'), peak: ratio('peakKb') },
      runs: costs,
    },
    undefined,
    1,
  ),
);
