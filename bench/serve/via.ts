/**
 * What `nairobi query` takes through the daemon on a dataset in memory, beside a bare start of
 * Node and the program alone: wall and CPU time (user + system of the client).
 *   node bench/serve/via.ts [RUNS]
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Connection } from '../../src/client/connection.ts';
import { BIN, type Measured, machine, measured, ROOT, withDaemon } from './measure.ts';

const RUNS = Number(process.argv[2] ?? 21);
const SQL = 'select s, avg(a) as m from data group by s order by s';

interface Cost {
  readonly wallMs: Measured;
  readonly cpuMs: Measured;
}

function cost(runs: readonly (() => void)[]): Cost[] {
  const all = runs.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let i = 0; i < RUNS; i += 1) {
    // In turn, so that what else the machine does meets all of them alike.
    for (const [at, run] of runs.entries()) {
      const start = performance.now();
      const before = childCpuMs();
      run();
      all[at]?.wall.push(performance.now() - start);
      all[at]?.cpu.push(childCpuMs() - before);
    }
  }
  return all.map(({ wall, cpu }) => ({ wallMs: measured(wall), cpuMs: measured(cpu) }));
}

/** Of the children that ended, from /proc/self/stat: cutime and cstime in hundredths. */
function childCpuMs(): number {
  const fields = process
    .getBuiltinModule('fs')
    .readFileSync('/proc/self/stat', 'utf8')
    .split(') ')[1];
  const [user = 0, system = 0] = (fields ?? '').split(' ').slice(13, 15).map(Number);
  return (user + system) * 10;
}

await withDaemon([], async (socket) => {
  using client = Connection.open(socket);
  const file = path.join(path.dirname(socket), 'data.csv');
  const rows = Array.from({ length: 20_000 }, (_, i) => `${i},k${i % 9}`);
  writeFileSync(file, `a,s\n${rows.join('\n')}\n`);
  const { dataset } = (await client.request('Open', { path: file })).result;
  const { ms } = (await client.request('Run', { dataset: dataset ?? '', query: { sql: SQL } }))
    .result;
  const program = (via: string) => (): void => {
    spawnSync('/bin/sh', [BIN, 'query', '--via', via, SQL, file]);
  };
  const node = (): void => {
    spawnSync(path.join(ROOT, '.runtime/bin/node'), ['-e', '0']);
  };
  program(socket)();
  const [bare, hot, alone] = cost([node, program(socket), program('never')]);
  console.log(JSON.stringify({ bench: 'serve/via', machine: machine(), bare, hot, alone, ms }));
});
process.exit();
