/** One of many clients: asks until it is killed, and ends with 1 when an answer is wrong. */
import { closeSync, readFileSync } from 'node:fs';
import { Connection } from '../../src/client/connection.ts';

const [socket = '', place = '', rows = '0'] = process.argv.slice(2);
const count = Number(rows);
const client = Connection.open(socket);
let slowestMs = 0;
let slowestOfDaemonMs = 0;

/** How long this thread has waited for a CPU so far: see schedstats. */
const waitedMs = (): number =>
  Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;

/** x is 0, 1, ... in every file of this test. */
async function ask(): Promise<boolean> {
  const { dataset } = (await client.request('Open', { path: place })).result;
  const id = String(dataset);
  const waitedBefore = waitedMs();
  const start = performance.now();
  await client.request('Schema', { dataset: id });
  const ms = performance.now() - start;
  slowestMs = Math.max(slowestMs, ms);
  slowestOfDaemonMs = Math.max(slowestOfDaemonMs, ms - (waitedMs() - waitedBefore));
  const sum = await client.request('Query', { dataset: id, sql: 'select sum(x) as s from data' });
  const { figures } = (await client.request('Column', { dataset: id, column: 'x', figure: 'mean' }))
    .result as { figures: { mean: number } };
  const arrow = await client.request('Query', {
    dataset: id,
    sql: 'select x from data',
    as: 'arrow',
  });
  const magic = arrow.fds.map((fd) => {
    const text = readFileSync(`/proc/self/fd/${fd}`).subarray(0, 6).toString();
    closeSync(fd);
    return text;
  });
  const right = JSON.stringify([{ s: (count * (count - 1)) / 2 }]);
  return (
    JSON.stringify(sum.result['rows']) === right &&
    figures.mean === (count - 1) / 2 &&
    magic.join() === 'ARROW1'
  );
}

process.on('SIGTERM', () => {
  process.stdout.write(`${slowestMs} ${slowestOfDaemonMs}\n`);
  process.exit(0);
});
for (;;) {
  if (!(await ask())) {
    process.stdout.write('wrong\n');
    process.exit(1);
  }
}
