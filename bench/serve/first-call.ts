/**
 * Run on a CSV of 20,000 rows that nobody asked for before: reads it, computes figures of a column
 * and draws a chart in one call over D-Bus. The daemon tells in its answer ("ms") how long reading,
 * computing and drawing took; what is left of the time sd_bus_call takes ("outside") is the way
 * there and back: the bus, the daemon, waking the process that computes, and the descriptors.
 * "ping" is a call that libsystemd answers in the daemon without asking us, after a pause as long
 * as a call: what the bus alone takes on this machine.
 * "client" is what this program spends before and after that call, in JavaScript over koffi: it
 * writes the question, decodes the answer. "open" is reading, parsing and sealing the rows, since
 * these are the work of a first call; a picture is put into its memfd as part of "plot".
 *   node bench/serve/first-call.ts [FILES]
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../../src/client/connection.ts';
import { BusClient, withBus } from './bus-client.ts';
import { machine, measured, withDaemon } from './measure.ts';

const FILES = Number(process.argv[2] ?? 60);
const ROWS = 20_000;
/** The first ones warm the workers up and are not counted. */
const WARM = 10;
const PAUSE_MS = 100;

interface Answer {
  readonly ms: Readonly<Record<string, number>>;
  readonly dataset: { readonly rows: number };
  readonly plot: { readonly data: { readonly bytes: number } };
}

const wish = (file: string) => ({
  // The picture as a sealed file in memory.
  inlineMax: 0,
  open: { path: file },
  column: { column: 'temp', figures: ['count', 'mean', 'sd', 'p95', 'skewness', 'kurtosis'] },
  plot: { x: 'at', y: 'temp', width: 640, height: 360 },
});

await withBus((address) =>
  withDaemon(
    ['--bus', 'session'],
    async (socket) => {
      const folder = path.dirname(socket);
      const files = Array.from({ length: WARM + FILES }, (_, n) => {
        const lines = Array.from(
          { length: ROWS },
          (_, i) => `${i},${(i * 7 + n) % 400}.5,k${i % 9}`,
        );
        const file = path.join(folder, `${n}.csv`);
        writeFileSync(file, `at,temp,device\n${lines.join('\n')}\n`);
        return file;
      });
      using watch = Connection.open(socket);
      for (;;) {
        const { workers } = (await watch.request('Status')).result as never as {
          workers: { all: number; warm: number };
        };
        if (workers.warm === workers.all) break;
        await sleep(100);
      }
      const bus = new BusClient(address);
      const times: Record<string, number[]> = {};
      for (const [n, file] of files.entries()) {
        const start = performance.now();
        const text = bus.call('Run', JSON.stringify(wish(file)));
        const total = performance.now() - start;
        const called = bus.lastCallMs;
        const answer = JSON.parse(text) as Answer;
        if (answer.dataset.rows !== ROWS || answer.plot.data.bytes < 1000) throw new Error(text);
        const inside = Object.values(answer.ms).reduce((sum, one) => sum + one, 0);
        if (n < WARM) continue;
        for (const [name, value] of Object.entries({
          ...answer.ms,
          total,
          outside: called - inside,
          client: total - called,
        })) {
          times[name] = [...(times[name] ?? []), value];
        }
        await sleep(5);
      }
      for (let n = 0; n < FILES; n += 1) {
        await sleep(PAUSE_MS);
        bus.ping();
        times['ping'] = [...(times['ping'] ?? []), bus.lastCallMs];
      }
      const figures = Object.entries(times).map(([name, values]) => [name, measured(values, 3)]);
      const said = { unit: 'ms', ...Object.fromEntries(figures) };
      console.log(JSON.stringify({ bench: 'serve/first-call', machine: machine(), ...said }));
    },
    { DBUS_SESSION_BUS_ADDRESS: address },
  ),
);
process.exit();
