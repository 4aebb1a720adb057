/**
 * How far a line reduced by M4 is from the line through all rows: both are drawn with a round pen of
 * 1.5 pixels, anti-aliased from 100 samples to a pixel, and the pixels that differ are counted. Cairo
 * itself takes minutes for a path of a hundred thousand points that crosses itself.
 *
 *   node bench/plot/m4.ts [MILLIONS] [COLUMNS_PER_PX]
 *
 * Three shapes: a noisy wave, a random walk, and a flat line with rare spikes.
 */
import { M4 } from '../../src/render/reduce/m4.ts';

const WIDTH = 1600;
const HEIGHT = 900;
const rows = Number(process.argv[2] ?? 10) * 1e6;
const perPixel = Number(process.argv[3] ?? 6);

/** Numerical Recipes' generator. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const SHAPES: Readonly<Record<string, (i: number, next: () => number) => number>> = {
  'noisy wave': (i, next) => Math.sin((i / rows) * 40) + 0.3 * (next() + next() + next() - 1.5),
  'random walk': walk(),
  spikes: (_, next) => (next() < 5e-6 ? next() * 2 - 1 : 0.05 * next()),
};

function walk(): (i: number, next: () => number) => number {
  let at = 0;
  return (i, next) => {
    at = i === 0 ? 0 : at + next() - 0.5;
    return at;
  };
}

function ys(shape: (i: number, next: () => number) => number): Float64Array {
  const next = uniform(20_261_121);
  const values = Float64Array.from({ length: rows }, (_, i) => shape(i, next));
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return values.map((value) => HEIGHT - 10 - ((value - min) / (max - min)) * (HEIGHT - 20));
}

/** Samples along each side of a pixel. */
const FINE = 10;
const [COLUMNS, ROWS] = [WIDTH * FINE, HEIGHT * FINE];
/** Radius of the pen in samples. */
const PEN = 0.75 * FINE;

/** Coverage of each pixel, 0 to 100, by the pen drawn through all points. */
function drawn(xs: Float64Array, values: Float64Array): Uint8Array {
  return covered(thickened(traced(xs, values)));
}

/** The samples the line itself goes through, column by column: marked where runs begin and end. */
function traced(xs: Float64Array, values: Float64Array): Uint8Array {
  const marks = new Int32Array(COLUMNS * (ROWS + 1));
  for (let i = 1; i < xs.length; i += 1) {
    const [x0, y0] = [(xs[i - 1] as number) * FINE, (values[i - 1] as number) * FINE];
    const [x1, y1] = [(xs[i] as number) * FINE, (values[i] as number) * FINE];
    const last = Math.min(COLUMNS - 1, Math.floor(x1));
    for (let column = Math.floor(x0); column <= last; column += 1) {
      const at = (x: number): number =>
        x1 === x0 ? y1 : y0 + ((Math.min(x1, Math.max(x0, x)) - x0) / (x1 - x0)) * (y1 - y0);
      const [a, b] = x1 - x0 < 1e-12 ? [y0, y1] : [at(column), at(column + 1)];
      const top = column * (ROWS + 1) + Math.floor(Math.min(a, b));
      const bottom = column * (ROWS + 1) + Math.floor(Math.max(a, b)) + 1;
      marks[top] = (marks[top] as number) + 1;
      marks[bottom] = (marks[bottom] as number) - 1;
    }
  }
  const on = new Uint8Array(COLUMNS * ROWS);
  for (let column = 0; column < COLUMNS; column += 1) {
    for (let row = 0, depth = 0; row < ROWS; row += 1) {
      depth += marks[column * (ROWS + 1) + row] as number;
      if (depth > 0) on[column * ROWS + row] = 1;
    }
  }
  return on;
}

/** Every sample within the pen's radius of the line. */
function thickened(line: Uint8Array): Uint8Array {
  const thick = new Uint8Array(line.length);
  const nearest = new Int32Array(ROWS);
  for (let column = 0; column < COLUMNS; column += 1) {
    // Rows to the nearest sample of the line in this column, up to the pen's radius.
    let away = ROWS;
    for (let row = 0; row < ROWS; row += 1) {
      away = line[column * ROWS + row] === 1 ? 0 : away + 1;
      nearest[row] = away;
    }
    away = ROWS;
    for (let row = ROWS - 1; row >= 0; row -= 1) {
      away = line[column * ROWS + row] === 1 ? 0 : away + 1;
      nearest[row] = Math.min(nearest[row] as number, away);
    }
    for (let dx = -Math.floor(PEN); dx <= PEN; dx += 1) {
      const to = column + dx;
      if (to < 0 || to >= COLUMNS) continue;
      const reach = Math.floor(Math.sqrt(PEN * PEN - dx * dx));
      for (let row = 0; row < ROWS; row += 1) {
        if ((nearest[row] as number) <= reach) thick[to * ROWS + row] = 1;
      }
    }
  }
  return thick;
}

function covered(samples: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(WIDTH * HEIGHT);
  for (let column = 0; column < COLUMNS; column += 1) {
    for (let row = 0; row < ROWS; row += 1) {
      const at = Math.floor(row / FINE) * WIDTH + Math.floor(column / FINE);
      pixels[at] = (pixels[at] as number) + (samples[column * ROWS + row] as number);
    }
  }
  return pixels;
}

const xs = Float64Array.from({ length: rows }, (_, i) => (i / (rows - 1)) * WIDTH);
const results: Record<string, unknown> = {};
for (const [name, shape] of Object.entries(SHAPES)) {
  const values = ys(shape);
  const m4 = new M4(0, WIDTH, WIDTH * perPixel);
  const started = performance.now();
  m4.add(xs, values);
  const kept = m4.points();
  const reduceMs = Math.round(performance.now() - started);
  const [whole, reduced] = [drawn(xs, values), drawn(kept.x, kept.y)];
  const differing = [0, 5, 10].map((by) => {
    const count = whole.reduce((sum, at, i) => sum + +(Math.abs(at - (reduced[i] ?? 0)) > by), 0);
    return [`by more than ${by} of 100`, `${((100 * count) / (WIDTH * HEIGHT)).toFixed(4)} %`];
  });
  results[name] = { points: kept.x.length, reduceMs, pixels: Object.fromEntries(differing) };
}
console.log(
  JSON.stringify({ rows, width: WIDTH, height: HEIGHT, columnsPerPx: perPixel, results }, null, 1),
);
