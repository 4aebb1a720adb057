// How long "nairobi doctor" takes: the whole report, one group, and a bare Node beside them, in
// turns. Prints medians and a hash of the findings' ids, so that a run that did less shows.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.argv[2] ?? 15);
const program = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const cases = {
  'node -e 0': ['-e', '0'],
  'doctor --only io_uring': [program, 'doctor', '--json', '--only', 'io_uring'],
  doctor: [program, 'doctor', '--json'],
};

const walls = new Map(Object.keys(cases).map((name) => [name, []]));
let ids = '';
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, args] of Object.entries(cases)) {
    const start = performance.now();
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const wall = performance.now() - start;
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    // The first round fills the compile cache.
    if (round > 0) walls.get(name).push(wall);
    if (name === 'doctor')
      ids = JSON.parse(stdout)
        .findings.map(({ id }) => id)
        .join(' ');
  }
}

console.log(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, Linux ${release()}, Node ${process.version}`,
);
for (const [name, times] of walls) {
  times.sort((a, b) => a - b);
  const at = (share) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(0);
  console.log(
    `${name.padEnd(24)} median ${at(0.5)} ms, best ${at(0)}, worst ${at(1)} (${times.length} runs)`,
  );
}
console.log(`checks ${createHash('sha256').update(ids).digest('hex').slice(0, 12)}`);
