import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Api from '../../src/library/nairobi.d.ts';
import { type Running, startDaemon } from '../serve/daemon.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let daemon: Running;
let folder: string;
let api: typeof Api;

/** A project that has the package among its own, as npm would put it there. */
beforeAll(async () => {
  daemon = await startDaemon();
  folder = mkdtempSync(path.join(tmpdir(), 'nairobi-library-'));
  mkdirSync(path.join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(ROOT, path.join(folder, 'node_modules/nairobi'));
  symlinkSync(path.join(ROOT, 'node_modules/@types/node'), `${folder}/node_modules/@types/node`);
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
  const lines = Array.from({ length: 200 }, (_, i) => `${i},d${i % 3},${(i * 7) % 50}`);
  writeFileSync(path.join(folder, 'sensors.csv'), `n,device,temp\n${lines.join('\n')}\n`);
  writeFileSync(
    path.join(folder, 'big.csv'),
    'id,gap\n9007199254740993,1\n-9223372036854775808,\n',
  );
  api = (await import(path.join(ROOT, 'dist/library.js'))) as typeof Api;
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await daemon.stop();
});

const csv = (): string => path.join(folder, 'sensors.csv');

/** What a frame says of itself in every way there is. */
async function everything(frame: Api.Frame): Promise<unknown> {
  const temp = frame.col('temp');
  const svg = await frame.plot({ x: 'n', y: 'temp', color: 'device', format: 'svg' });
  return {
    columns: frame.columns,
    figures: await temp.figures('count', 'nulls', 'min', 'max', 'sum', 'mean', 'sd', 'p95'),
    each: await Promise.all([temp.median(), temp.skewness(), temp.quantile(0.25), temp.distinct()]),
    rows: await frame.query(
      'select device, count(*) as n from data where temp > $t group by 1 order by 1',
      { t: 10 },
    ),
    stats: await frame.stats({ columns: ['temp', 'device'], quantiles: [0.5] }),
    svg: Buffer.from(svg.bytes).toString('utf8'),
    notes: svg.notes,
    arrow: Buffer.from(await frame.queryArrow('select max(temp) as m from data'))
      .subarray(0, 6)
      .toString(),
  };
}

describe('the library', () => {
  test('says the same in this process and over a daemon', async () => {
    using here = await api.readCsv(csv());
    using client = await api.connect(daemon.socket);
    using there = await client.readCsv(csv());
    expect(await everything(there)).toEqual(await everything(here));
    expect(await client.status()).toMatchObject({ pid: daemon.pid });
  });

  test.each(['here', 'daemon'])('keeps every integer exact (%s)', async (where) => {
    using client = await api.connect(daemon.socket);
    const file = path.join(folder, 'big.csv');
    const frame = where === 'here' ? await api.readCsv(file) : await client.readCsv(file);
    const { rows } = await frame.query('select id from data where id > $low', { low: 2n ** 53n });
    expect(rows).toEqual([{ id: 9_007_199_254_740_993n }]);
    expect(await frame.col('id').min()).toBe(-9_223_372_036_854_775_808n);
    expect(await frame.col('id').sum()).toBe(9_007_199_254_740_993n - 9_223_372_036_854_775_808n);
    expect(await frame.col('gap').nulls()).toBe(1);
  });

  test.each(['here', 'daemon'])('throws what the command line says (%s)', async (where) => {
    using client = await api.connect(daemon.socket);
    const open = where === 'here' ? api.readCsv : client.readCsv;
    const failure = await open(path.join(folder, 'none.csv')).catch((error: unknown) => error);
    expect(api.isNairobiError(failure) && failure.code).toBe('NOT_FOUND');
    const frame = await open(csv());
    await expect(frame.query('select temperature from data')).rejects.toMatchObject({
      code: 'UNKNOWN_COLUMN',
      hint: expect.stringContaining('temp'),
    });
    expect(() => frame.col('tmp')).toThrow(/No column "tmp"/);
    await expect(frame.col('temp').figure('meen')).rejects.toMatchObject({ code: 'USAGE' });
    await frame.close();
  });

  test.each(['here', 'daemon'])('refuses values that would become others (%s)', async (where) => {
    using client = await api.connect(daemon.socket);
    using frame = await (where === 'here' ? api.readCsv(csv()) : client.readCsv(csv()));
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, new Date(0)]) {
      const asked = frame.query('select $a as a', { a: value as number });
      await expect(asked).rejects.toMatchObject({ code: 'USAGE' });
    }
  });

  test('a frame that was closed says so', async () => {
    const frame = await api.readCsv(csv());
    await frame.close();
    await expect(frame.col('temp').mean()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('no daemon is an error that says what to do', async () => {
    await expect(api.connect(path.join(folder, 'nobody'))).rejects.toMatchObject({
      code: 'HOST',
      hint: expect.stringContaining('nairobi serve'),
    });
  });
});

const EXAMPLES = [
  ...readFileSync(path.join(ROOT, 'docs/library.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g),
].map(([, code = ''], index) => ({ index, code }));

describe('the examples of docs/library.md', () => {
  test.each(EXAMPLES)('number $index runs', ({ index, code }) => {
    const file = `example-${index}.ts`;
    writeFileSync(path.join(folder, file), code);
    const { status, stderr, stdout } = spawnSync(process.execPath, [file], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NAIROBI_SOCKET: daemon.socket },
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).not.toBe('');
  });

  test('have the types the package promises', () => {
    const options = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true };
    const compilerOptions = { ...options, lib: ['es2024', 'esnext.disposable'], types: ['node'] };
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['example-*.ts'] }),
    );
    for (const { index, code } of EXAMPLES) {
      writeFileSync(path.join(folder, `example-${index}.ts`), code);
    }
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    const { status, stdout } = spawnSync(tsc, ['-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
