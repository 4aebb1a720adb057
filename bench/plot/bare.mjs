// The yardstick of a small chart: import vega, vega-lite and canvas, draw the same rows, write a PNG.
import { readFileSync, writeFileSync } from 'node:fs';
import 'canvas';
import * as vega from 'vega';
import * as vegaLite from 'vega-lite';

const [source, output] = process.argv.slice(2);
const [, ...lines] = readFileSync(source, 'utf8').trim().split('\n');
const values = lines.map((line) => {
  const [symbol, date, price] = line.split(',');
  return { symbol, date: Date.parse(`${date} UTC`), price: Number(price) };
});
const { spec } = vegaLite.compile({
  width: 800,
  height: 500,
  autosize: { type: 'fit', contains: 'padding' },
  data: { values },
  mark: { type: 'line', strokeWidth: 1.5 },
  encoding: {
    x: { field: 'date', type: 'temporal', scale: { type: 'utc' } },
    y: { field: 'price', type: 'quantitative' },
    color: { field: 'symbol', type: 'nominal' },
  },
});
const view = await new vega.View(vega.parse(spec), { renderer: 'none' }).runAsync();
const canvas = await view.toCanvas(1);
writeFileSync(output, canvas.toBuffer('image/png'));
