/**
 * Whole processes beside each other: in turn, so that what else the host does falls on all alike;
 * medians of wall time, processor time (user and system) and peak memory. Every run and a summary
 * go to stdout as JSON lines, the summary also to stderr.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpus, release, totalmem } from 'node:os';

function once([program, ...args], { cold, digest }) {
  if (cold) spawnSync('sh', ['-c', 'sync; echo 1 > /proc/sys/vm/drop_caches']);
  const before = process.hrtime.bigint();
  const { stdout, status, stderr } = spawnSync(
    '/usr/bin/time',
    ['-q', '-f', '%U %S %M', program, ...args],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  const ms = Number(process.hrtime.bigint() - before) / 1e6;
  if (status !== 0) throw new Error(stderr);
  const [user, system, kilobytes] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  const result = createHash('sha256').update(digest(stdout)).digest('hex').slice(0, 12);
  return { ms, cpuMs: (user + system) * 1000, peakMiB: kilobytes / 1024, result };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * `peers(threads)` gives the command of each by name, the first being ours. The ratios are of
 * medians, ours to each of the others.
 */
export function compare({ file, rounds, digest, cold = false }, peers) {
  const commands = peers(String(cpus().length));
  const host = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memory: totalmem(),
    kernel: release(),
  };
  console.log(JSON.stringify({ file, cold, rounds, node: process.version, ...host }));
  const runs = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, command] of Object.entries(commands)) {
      const run = once(command, { cold, digest });
      if (round > 0) runs[name].push(run); // the first warms the page cache and the code cache
      console.log(JSON.stringify({ round, name, ...run }));
    }
  }
  const of = (name, field) => median(runs[name].map((run) => run[field]));
  const [ours, ...others] = Object.keys(commands);
  const summary = Object.keys(commands).map((name) => ({
    name,
    ms: Math.round(of(name, 'ms')),
    cpuMs: Math.round(of(name, 'cpuMs')),
    peakMiB: Math.round(of(name, 'peakMiB')),
  }));
  const ratio = (field) => (name) => [name, Number((of(ours, field) / of(name, field)).toFixed(3))];
  const ratios = {
    wallTo: Object.fromEntries(others.map(ratio('ms'))),
    cpuTo: Object.fromEntries(others.map(ratio('cpuMs'))),
    sameResult: new Set(Object.values(runs).map((of) => of[0].result)).size === 1,
  };
  console.log(JSON.stringify({ summary, ratios }));
  console.error(summary, ratios);
}
