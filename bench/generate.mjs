// Writes the benchmark files: sensor readings with timestamps, text, floats, integers and nulls.
// Seeded: the same bytes every time.  node bench/generate.mjs OUT.csv BYTES [SEED]
import { closeSync, openSync, writeSync } from 'node:fs';

const [out, size = '1e9', seed = '42'] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node bench/generate.mjs OUT.csv BYTES [SEED]');
  process.exit(2);
}

/** xorshift32, enough for benchmark data. */
let state = Number(seed) | 1;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 4294967296;
}

const pad = (value, width) => String(value).padStart(width, '0');
const devices = Array.from({ length: 100 }, (_, index) => `device-${pad(index, 3)}`);
const sites = ['nairobi', 'lagos', 'kigali', 'accra', 'mombasa', 'kisumu', 'dakar', 'kampala'];
const states = ['ok', 'ok', 'ok', 'ok', 'warn', 'fault'];

/** One line; `row` is also the second since the start. */
function line(day, row) {
  const second = row % 86400;
  const clock = [(second / 3600) | 0, ((second / 60) | 0) % 60, second % 60];
  const time = clock.map((part) => pad(part, 2)).join(':');
  const temp = random() < 0.02 ? '' : (15 + 20 * random()).toFixed(3);
  const humidity = random() < 0.01 ? '' : (30 + 60 * random()).toFixed(2);
  const device = devices[(random() * 100) | 0];
  const site = sites[(random() * 8) | 0];
  const pressure = (980 + 60 * random()).toFixed(1);
  const status = states[(random() * 6) | 0];
  return `${day} ${time},${row},${device},${site},${temp},${humidity},${pressure},${status}\n`;
}

const fd = openSync(out, 'w');
const limit = Number(size);
const start = Date.UTC(2025, 0, 1);
let written = writeSync(fd, 'ts,seq,device,site,temp,humidity,pressure,status\n');
let day = '';
let row = 0;
while (written < limit) {
  let block = '';
  while (block.length < 4 << 20 && written + block.length < limit) {
    if (row % 86400 === 0) day = new Date(start + row * 1000).toISOString().slice(0, 10);
    block += line(day, row);
    row += 1;
  }
  written += writeSync(fd, block);
}
closeSync(fd);
console.error(`${row} rows, ${written} bytes`);
