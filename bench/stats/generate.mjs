// Writes the file of docs/stats.md's figures: an id, a timestamp, text, two floats, an integer.
// Seeded: the same bytes every time.  node bench/stats/generate.mjs ROWS OUT.csv  (15000000: 810 MB)
import { closeSync, openSync, writeSync } from 'node:fs';

const [rows = '15000000', out] = process.argv.slice(2);
if (out === undefined) throw new Error('usage: node bench/stats/generate.mjs ROWS OUT.csv');

/** xorshift32, enough for benchmark data. */
let state = 12345;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 4294967296;
}

const CITIES = 'berlin,nairobi,lagos,london,paris,san francisco,tokyo,rome,oslo,kampala'.split(',');
const START = Date.UTC(2024, 0, 1);

/** One line, one second after the one before. */
function line(row) {
  const time = new Date(START + (row + 1) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  const city = CITIES[(random() * 10) | 0];
  const temp = (15 + 10 * (random() + random() + random() - 1.5)).toFixed(2);
  const load = random() < 0.02 ? '' : random().toFixed(6);
  return `${row + 1},${time},${city},${temp},${load},${(random() * 1000) | 0}\n`;
}

const fd = openSync(out, 'w');
let text = 'id,ts,city,temp,load,count\n';
for (let row = 0; row < Number(rows); row += 1) {
  text += line(row);
  if (text.length > 1 << 20) {
    writeSync(fd, text);
    text = '';
  }
}
writeSync(fd, text);
closeSync(fd);
