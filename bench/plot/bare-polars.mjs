/**
 * The least a script needs for a density picture of two columns of a CSV file: nodejs-polars reads
 * them, their extents, counts on 800 x 500 pixels. It draws nothing.
 *
 *   node bench/plot/bare-polars.mjs FILE.csv X Y
 */
import pl from 'nodejs-polars';

const [file, x, y] = process.argv.slice(2);
const [width, height] = [800, 500];
const frame = pl
  .scanCSV(file, { tryParseDates: false })
  .select(...[x, y].map((name) => pl.col(name).cast(pl.Float64).fillNull(Number.NaN)))
  .collectSync();
const [xs, ys] = [x, y].map((name) => frame.getColumn(name).toTypedArray());
const [x0, x1, y0, y1] = [xs, ys].flatMap((values) => {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
});
const counts = new Uint32Array(width * height);
for (let row = 0; row < xs.length; row += 1) {
  const column = Math.floor(((xs[row] - x0) / (x1 - x0)) * (width - 1));
  const line = Math.floor(((ys[row] - y0) / (y1 - y0)) * (height - 1));
  if (column >= 0 && line >= 0) counts[line * width + column] += 1;
}
console.log(counts.reduce((sum, count) => sum + count, 0));
