/**
 * What a start costs: the program against a bare Node of the same runtime, interleaved, so that
 * whatever else the host does falls on both alike. Ratios are what counts; the raw times are kept.
 *
 *   node bench/startup.mjs [--rounds 40] [--save]
 *
 * --save writes bench/runs/startup-DATE.json: every single time with the machine's description.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const nairobi = join(root, 'bin/nairobi');
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, save: { type: 'boolean' } },
});

const folder = mkdtempSync(join(tmpdir(), 'nairobi-startup-'));
const rows = Array.from({ length: 90 }, (_, row) => `${row},${(row * 37) % 91},n${row % 7}`);
const csv = join(folder, 'small.csv');
writeFileSync(csv, `id,value,name\n${rows.join('\n')}\n`);

/** Each with the bound it has to stay below, as a multiple of the bare Node. */
const CASES = [
  { name: 'node -e 0', words: [process.execPath, '-e', '0'], bound: 1 },
  { name: '--version', words: [nairobi, '--version'], bound: 2.5 },
  { name: '--help', words: [nairobi, '--help'], bound: undefined },
  { name: 'stats 1 KB', words: [nairobi, 'stats', csv], bound: 6 },
  {
    name: 'query 1 KB',
    words: [nairobi, 'query', 'SELECT name, sum(value) FROM small GROUP BY name', csv],
    bound: 6,
  },
];

/** Wall time of one run in milliseconds, with its exit code. */
function time(words) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(words[0], words.slice(1), { stdio: 'ignore' });
  return { ms: Number(process.hrtime.bigint() - start) / 1e6, status };
}

const able = CASES.filter(({ name, words }) => {
  const { status } = time(words);
  if (status !== 0) process.stdout.write(`${name}: left out, it ended with ${status}\n`);
  return status === 0;
});
const times = new Map(able.map(({ name }) => [name, []]));
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const { name, words } of able) times.get(name).push(time(words).ms);
}
rmSync(folder, { recursive: true });

const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => sorted(list)[Math.floor(list.length / 2)];
const bare = times.get('node -e 0');
const results = able.map(({ name, bound }) => {
  const list = times.get(name);
  const ratio = median(list.map((ms, round) => ms / bare[round]));
  return { name, minMs: Math.min(...list), medianMs: median(list), ratio, bound, times: list };
});
for (const { name, minMs, medianMs, ratio, bound } of results) {
  const limit = bound === undefined ? '' : ` (at most ${bound})`;
  process.stdout.write(
    `${name.padEnd(12)} min ${minMs.toFixed(1).padStart(6)} ms  median ` +
      `${medianMs.toFixed(1).padStart(6)} ms  ${ratio.toFixed(2)} x bare Node${limit}\n`,
  );
}
if (values.save) {
  const at = new Date().toISOString();
  const machine = {
    node: process.version,
    kernel: release(),
    cpu: cpus()[0]?.model,
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: loadavg(),
  };
  mkdirSync(join(root, 'bench/runs'), { recursive: true });
  const file = join(root, `bench/runs/startup-${at.slice(0, 10)}.json`);
  writeFileSync(file, `${JSON.stringify({ at, machine, results }, undefined, 1)}\n`);
}
