/**
 * Seeded taxi-like CSV of any size: 15 columns, 64-bit ids, two timestamps, nulls, quoted text.
 * usage: node bench/ingest/generate.ts OUT.csv ROWS [SEED]
 */
import { closeSync, openSync, writeSync } from 'node:fs';

const [out = 'out.csv', rowsText = '100000', seedText = '1'] = process.argv.slice(2);
const rows = Number(rowsText);
let state = Number(seedText) >>> 0 || 1;

/** xorshift32 (Marsaglia 2003): enough for benchmark data, the same on every machine. */
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

const ZONES = Array.from({ length: 260 }, (_, i) => `Zone ${i} ${'NSEW'[i % 4]}`);
const PAY = ['card', 'cash', 'dispute', 'none', 'voucher'];
const FLAGS = ['Y', 'N'];
const NOTES = ['', '', '', 'ok', '"late, again"', '"said ""hi"""', 'no tip', 'airport run'];

const pad = (value: number): string => (value < 10 ? `0${value}` : String(value));
function stamp(seconds: number): string {
  const date = new Date(seconds * 1000);
  return (
    `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())} ` +
    `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`
  );
}

const fd = openSync(out, 'w');
let block = [
  'trip_id,pickup,dropoff,vendor,passengers,distance,rate,flag,from_zone,to_zone,payment,fare,tip,total,note',
];
let seconds = 1_704_067_200;
for (let row = 0; row < rows; row += 1) {
  seconds += random() < 0.3 ? 1 : 0;
  const length = Math.floor(60 + random() * 3600);
  const distance = Math.round(random() * random() * 3000) / 100;
  const fare = Math.round((3 + distance * 2.5 + length / 120) * 100) / 100;
  const tip = random() < 0.4 ? 0 : Math.round(fare * random() * 30) / 100;
  block.push(
    `${9_000_000_000_000 + row},${stamp(seconds)},${stamp(seconds + length)},${1 + (row % 3)},` +
      `${random() < 0.05 ? '' : 1 + Math.floor(random() * 6)},${distance},${random() < 0.05 ? '' : 1 + Math.floor(random() * 5)},` +
      `${pick(FLAGS)},${pick(ZONES)},${pick(ZONES)},${pick(PAY)},${fare},${tip},${(fare + tip).toFixed(2)},${pick(NOTES)}`,
  );
  if (block.length >= 20_000) {
    writeSync(fd, `${block.join('\n')}\n`);
    block = [];
  }
}
if (block.length > 0) writeSync(fd, `${block.join('\n')}\n`);
closeSync(fd);
