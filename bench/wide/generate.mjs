// A wide file like the plays of a season: 837,554 rows, 100 columns, some 430 MB; numbers, texts,
// empty fields, quoted texts with commas. Seeded.  node bench/wide/generate.mjs OUT.csv [ROWS] [SEED]
import { closeSync, openSync, writeSync } from 'node:fs';

const [out, rows = '837554', seed = '7'] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node bench/wide/generate.mjs OUT.csv [ROWS] [SEED]');
  process.exit(2);
}

let state = Number(seed) | 1;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 4294967296;
}

const teams = ['ATL', 'BOS', 'CHI', 'DAL', 'DEN', 'DET', 'GSW', 'HOU', 'LAL', 'MIA', 'NYK', 'PHX'];
const notes = ['Jump ball', '"Foul: S. Curry, personal"', 'Made 3-pt shot', '', 'Rebound'];
const pick = (list) => list[(random() * list.length) | 0];
/** About normal: the sum of four uniform numbers. */
const bell = () => random() + random() + random() + random() - 2;

/** What a column of each kind holds in a row with this latent strength. */
const KINDS = {
  id: (row) => row,
  team: () => pick(teams),
  clock: () => `${(random() * 12) | 0}:${10 + ((random() * 50) | 0)}`,
  count: () => (random() * 10) | 0,
  flag: () => (random() < 0.5 ? 0 : 1),
  blank: () => (random() < 0.7 ? '' : (random() * 100) | 0),
  share: () => random().toFixed(4),
  note: () => pick(notes),
  points: (_, strength) => Math.max(0, Math.round(11 + 6 * strength + 2 * bell())),
  minutes: (_, strength) => Math.max(0, 24 + 8 * strength + 6 * bell()).toFixed(1),
};
const NAMED = { game_id: 'id', team: 'team', points: 'points', minutes: 'minutes' };
const CYCLE = [
  'count',
  'share',
  'flag',
  'blank',
  'clock',
  'share',
  'count',
  'note',
  'share',
  'team',
];
const columns = Object.entries(NAMED);
while (columns.length < 99) {
  const kind = CYCLE[columns.length % CYCLE.length];
  columns.push([`${kind}_${columns.length}`, kind]);
}
columns.splice(70, 0, ['plus_minus', 'count']);
const fields = columns.map(([, kind]) => KINDS[kind]);

const fd = openSync(out, 'w');
let written = writeSync(fd, `${columns.map(([name]) => name).join(',')}\n`);
for (let row = 0; row < Number(rows); ) {
  const lines = [];
  for (; lines.length < 4096 && row < Number(rows); row += 1) {
    const strength = bell();
    lines.push(fields.map((field) => field(row, strength)).join(','));
  }
  written += writeSync(fd, `${lines.join('\n')}\n`);
}
closeSync(fd);
console.error(`${rows} rows, ${columns.length} columns, ${written} bytes`);
