/** Charts and figures asked for to do harm: too much of them, or text that is to run elsewhere. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import type { JsonObject } from '../../src/client/protocol.ts';
import { nairobi } from '../cli/nairobi.ts';
import { type Running, startDaemon, table } from './daemon.ts';

/** What would run in a page, end its script, or begin a tag in an SVG. */
const EVIL = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'<!--<script>]]>`;
const TRACES = ['<script>alert', '<img src=x', '<!--<script>'];

let daemon: Running;
let client: Connection;
let dataset: string;
beforeAll(async () => {
  daemon = await startDaemon(['--workers', '2']);
  client = Connection.open(daemon.socket);
  const opened = await client.request('Open', { path: daemon.file('t.csv', table(50)) });
  dataset = String(opened.result['dataset']);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await daemon.stop();
});

type Method = Parameters<Connection['request']>[0];
const ask = async (method: Method, params: JsonObject): Promise<JsonObject> =>
  (await client.request(method, { dataset, ...params })).result;
const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('too much is refused, with how much is not', () => {
  test.each<[Method, JsonObject, string]>([
    ['Plot', { x: 'x', bins: 0 }, 'from 1 to 10000'],
    ['Plot', { x: 'x', bins: 2 ** 53 - 1 }, 'from 1 to 10000'],
    ['Plot', { x: 'x', y: many(2000, 'y') }, 'from 0 to 200'],
    ['Plot', { x: 'x', y: 'y', xLine: many(50_000, '1') }, 'from 0 to 1000'],
    ['Plot', { x: 'x', title: 'A'.repeat(900_000) }, 'from 0 to 10000'],
    ['Plot', { x: 'x', y: 'y', mark: 'strip', seed: 1e300 }, 'from -9007199254740991 to'],
    ['Plot', { x: 'x', width: 1e9 }, '32767 pixels'],
    ['Plot', { x: 'x', width: 30_000, height: 30_000 }, '100 megapixels'],
    ['Plot', { x: 'x', scale: -1 }, 'at least 32 pixels'],
    ['Stats', { question: { is: 'hist', column: 'x', bins: 1e9 } }, 'from 1 to 10000'],
    ['Stats', { question: { is: 'freq', column: 'x', top: 0 } }, 'from 1 to'],
    ['Stats', { quantiles: many(100_000, 0.5) }, 'from 0 to 1000'],
    ['Column', { column: 'x', figures: many(50_000, 'mean') }, 'from 1 to 1000'],
  ])('%s %#', async (method, params, hint) => {
    const refused = { code: 'USAGE', hint: expect.stringContaining(hint) };
    await expect(ask(method, params)).rejects.toMatchObject(refused);
  });

  test.each<[Method, JsonObject]>([
    ['Plot', { x: 'x', xLine: `${'1'.repeat(900_000)}x` }],
    ['Plot', { x: 'x', xRange: `${'1'.repeat(900_000)}x` }],
    ['Plot', { x: 'x', xRange: ','.repeat(900_000) }],
    ['Plot', { x: 'x', yRange: '0,100,7' }],
    ['Query', { sql: 'select $a as a', params: { a: { integer: '9'.repeat(900_000) } } }],
    ['Query', { sql: 'select $a as a', params: { a: { integer: 'seven' } } }],
    ['Open', { path: '/x.csv', read: { types: { x: 'constructor' } } }],
  ])(
    '%s %#: what is no number keeps the daemon’s own thread from nothing',
    async (method, params) => {
      using other = Connection.open(daemon.socket);
      const start = performance.now();
      const refused = expect(client.request(method, params)).rejects.toMatchObject({
        code: 'USAGE',
      });
      await other.request('Status');
      expect(performance.now() - start).toBeLessThan(3000);
      await refused;
    },
  );

  test('by the command line as well', () => {
    const file = path.join(daemon.folder, 't.csv');
    const plot = (...words: string[]): string =>
      nairobi(['plot', file, '-x', 'x', '--via', 'never', '-f', 'svg', ...words]).stderr;
    expect(plot('--title', 'A'.repeat(10_001))).toContain('from 0 to 10000');
    expect(plot('-y', 'y', '--point-size', '1e9')).toContain('from 0 to 1000');
    expect(plot('--bins', '10001')).toContain('10000');
  });
});

describe('text of the data runs nowhere', () => {
  test.each(['html', 'svg'])('in %s', async (format) => {
    const quoted = `"${EVIL.replaceAll('"', '""')}"`;
    const rows = ['0,0', '1,1', '2,4'].map((row) => `${row},${quoted}`);
    const place = daemon.file('evil.csv', `${quoted},y,c\n${rows.join('\n')}\n`);
    const opened = (await client.request('Open', { path: place })).result;
    const wish = { x: EVIL, y: 'y', color: 'c', facet: 'c', title: EVIL, yLine: `1=${EVIL}` };
    const asked = { ...wish, mark: 'point', format, inlineMax: 2 ** 23 };
    const { data } = await ask('Plot', { ...asked, dataset: String(opened['dataset']) });
    const { text } = data as { text: string };
    for (const trace of TRACES) expect(text.includes(trace)).toBe(false);
    expect(text.match(/<script/gi)?.length).toBe(text.match(/<\/script/gi)?.length);
  });

  test('and nothing is looked up by the names of themes and palettes', async () => {
    for (const name of ['http://localhost/x', '../../etc/passwd', '__proto__', 'constructor']) {
      await expect(ask('Plot', { x: 'x', theme: name })).rejects.toMatchObject({ code: 'USAGE' });
      await expect(ask('Plot', { x: 'x', palette: name })).rejects.toMatchObject({ code: 'USAGE' });
    }
  });
});
