/**
 * Seeded points for the density benchmarks: two correlated clusters in two Float64 columns.
 * node bench/plot/make-points.ts MILLIONS OUT.parquet [OUT.f32]
 * OUT.f32 gets the same points as pairs of 32-bit floats, for gnuplot.
 */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { collect, polars } from '../../src/compute/polars.ts';

const CHUNK = 1_000_000;
const [millions = '10', output = 'points.parquet', raw] = process.argv.slice(2);

/** Numerical Recipes' generator and the polar method of Marsaglia. */
function gaussians(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const [u, v] = [2 * uniform() - 1, 2 * uniform() - 1];
      const s = u * u + v * v;
      if (s === 0 || s >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * scale;
      return u * scale;
    }
  };
}

const pl = polars();
const next = gaussians(20_261_121);
const parts: string[] = [];
if (raw !== undefined) writeFileSync(raw, '');
for (let chunk = 0; chunk < Number(millions); chunk += 1) {
  const [x, y] = [new Float64Array(CHUNK), new Float64Array(CHUNK)];
  const pairs = new Float32Array(2 * CHUNK);
  for (let i = 0; i < CHUNK; i += 1) {
    const far = (i & 3) === 0;
    const [a, b] = [next(), next()];
    x[i] = far ? 3 + 0.6 * a : a;
    y[i] = far ? -2 + 0.4 * b : 0.7 * a + 0.7 * b;
    pairs[2 * i] = x[i] as number;
    pairs[2 * i + 1] = y[i] as number;
  }
  if (raw !== undefined) appendFileSync(raw, new Uint8Array(pairs.buffer));
  const part = `${output}.${chunk}.part`;
  pl.DataFrame([pl.Series('x', x), pl.Series('y', y)]).writeParquet(part, {
    compression: 'uncompressed',
  } as never);
  parts.push(part);
}
const all = pl.concat(parts.map((part) => pl.scanParquet(part)) as never);
collect(
  (all as never as { sinkParquet(path: string, options: object): never }).sinkParquet(output, {
    compression: 'uncompressed',
  }),
);
for (const part of parts) rmSync(part);
