import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawSpec } from '../../src/engine/plot/spec.ts';
import type { Row } from '../../src/render/chart.ts';
import { type Allowed, NOTHING_ALLOWED } from '../../src/render/loader.ts';

let folder = '';
let server: Server;
let address = '';
let hits = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-spec-'));
  writeFileSync(join(folder, 'in.csv'), 'a,b\n1,2\n3,4\n');
  symlinkSync('/etc/hostname', join(folder, 'out.csv'));
  server = createServer((_, response) => {
    hits += 1;
    response.end('a,b\n1,2\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const POINTS = { mark: 'point', encoding: { x: { field: 'a', type: 'quantitative' } } };

function draw(
  spec: object | string,
  rows: readonly Row[] = [],
  allowed: Allowed = NOTHING_ALLOWED,
) {
  return drawSpec({
    text: typeof spec === 'string' ? spec : JSON.stringify(spec),
    file: 'chart.json',
    rows,
    format: 'svg',
    theme: 'light',
    palette: undefined,
    scale: 1,
    seed: 1,
    title: undefined,
    allowed,
  });
}

describe('a specification of the user', () => {
  test('draws our rows under the name "data" in Vega-Lite', async () => {
    const { bytes } = await draw({ ...POINTS, data: { name: 'data' } }, [{ a: 1 }, { a: 5 }]);
    expect(bytes.toString().match(/aria-roledescription="point"/g)).toHaveLength(2);
  });

  test('draws our rows in Vega too', async () => {
    const vega = {
      $schema: 'https://vega.github.io/schema/vega/v6.json',
      width: 100,
      height: 50,
      marks: [
        {
          type: 'symbol',
          from: { data: 'data' },
          encode: { update: { x: { field: 'a' }, fill: { value: 'red' } } },
        },
      ],
    };
    const { bytes } = await draw(vega, [{ a: 1 }, { a: 50 }, { a: 60 }]);
    expect(bytes.toString().match(/fill="red"/g)).toHaveLength(3);
  });

  test.each([
    ['a file', () => ({ ...POINTS, data: { url: '/etc/passwd', format: { type: 'csv' } } })],
    [
      'a file address',
      () => ({ ...POINTS, data: { url: 'file:///etc/passwd', format: { type: 'csv' } } }),
    ],
    ['a server', () => ({ ...POINTS, data: { url: `${address}x.csv` } })],
    [
      'an image on a server',
      () => ({
        data: { values: [{}] },
        mark: { type: 'image', url: `${address}x.png`, width: 9, height: 9 },
      }),
    ],
  ])('may not load %s', async (_, spec) => {
    const before = hits;
    await expect(draw(spec())).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(hits).toBe(before);
  });

  test('loads a file below an allowed directory, and none that a link leads out to', async () => {
    const allowed = { directories: [folder], addresses: [] };
    const { bytes } = await draw({ ...POINTS, data: { url: 'in.csv' } }, [], allowed);
    expect(bytes.toString().match(/aria-roledescription="point"/g)).toHaveLength(2);
    await expect(draw({ ...POINTS, data: { url: 'out.csv' } }, [], allowed)).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    });
    await expect(
      draw({ ...POINTS, data: { url: '../../etc/passwd' } }, [], allowed),
    ).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  test('fetches an address that was allowed', async () => {
    const allowed = { directories: [], addresses: [address] };
    const { bytes } = await draw({ ...POINTS, data: { url: `${address}x.csv` } }, [], allowed);
    expect(bytes.toString().match(/aria-roledescription="point"/g)).toHaveLength(1);
  });

  test('fails when an allowed file is not there', async () => {
    const allowed = { directories: [folder], addresses: [] };
    await expect(draw({ ...POINTS, data: { url: 'none.csv' } }, [], allowed)).rejects.toMatchObject(
      { code: 'NOT_SUPPORTED' },
    );
  });

  test.each([
    ['eval', 'eval("1")'],
    ['a constructor', 'datum.constructor.constructor("return process")()'],
    ['this', 'this.process.exit(3)'],
  ])('cannot reach %s from an expression', async (_, expr) => {
    const spec = { ...POINTS, data: { name: 'data' }, transform: [{ calculate: expr, as: 'a' }] };
    const drawn = await draw(spec, [{ a: 1 }]).then(
      ({ bytes }) => bytes.toString(),
      (error: { code: string }) => error.code,
    );
    expect(drawn).not.toContain('process');
  });

  test('a billion rows out of a sequence are refused at once', async () => {
    const spec = { ...POINTS, data: { sequence: { start: 0, stop: 1e9, as: 'a' } } };
    await expect(draw(spec)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  // Twenty seconds of filling a heap.
  test.runIf(process.env['NAIROBI_TEST_FULL'] === '1')(
    'a billion rows out of an expression end the child, not the process',
    async () => {
      const spec = {
        ...POINTS,
        data: { name: 'data' },
        transform: [{ calculate: 'sequence(1e9)', as: 's' }, { flatten: ['s'] }],
      };
      await expect(draw(spec, [{ a: 1 }])).rejects.toMatchObject({ code: 'MEMORY_LIMIT' });
    },
    60_000,
  );

  test('a picture beyond the limits is refused', async () => {
    await expect(
      draw({ ...POINTS, width: 100_000, height: 9000 }, [{ a: 1 }]),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('what is not JSON is refused with its place', async () => {
    await expect(draw('{"mark": ')).rejects.toMatchObject({
      code: 'BAD_DATA',
      where: { file: 'chart.json' },
    });
  });
});
