import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const data = (name: string) => join(root, 'node_modules/vega-datasets/data', name);
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-plot-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function nairobi(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
    const options = { encoding: 'buffer' as const, maxBuffer: 1 << 26, env };
    const child = execFile(
      join(root, 'bin/nairobi'),
      ['plot', ...args],
      options,
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr: stderr.toString() });
      },
    );
  });
}

describe('nairobi plot', () => {
  test('writes a PNG of the size asked for and says what it chose', async () => {
    const out = join(folder, 'stocks.png');
    const { code, stderr, stdout } = await nairobi(
      data('stocks.csv'),
      '-x',
      'date',
      '-y',
      'price',
      '-o',
      out,
      '--width',
      '400',
      '--height',
      '300',
    );
    expect({ code, stdout: stdout.length }).toEqual({ code: 0, stdout: 0 });
    expect(stderr).toContain('drawing a line chart');
    const png = readFileSync(out);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([400, 300]);
  });

  test('writes PNG bytes into a pipe when no output is named', async () => {
    const { code, stdout } = await nairobi(data('seattle-weather.csv'), '-x', 'wind', '-q');
    expect(code).toBe(0);
    expect(stdout.subarray(1, 4).toString()).toBe('PNG');
  });

  test('refuses an unknown column with the nearest name and leaves no file', async () => {
    const out = join(folder, 'none.png');
    const { code, stderr } = await nairobi(
      data('stocks.csv'),
      '-x',
      'dat',
      '-y',
      'price',
      '-o',
      out,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean "date"?');
    expect(existsSync(out)).toBe(false);
  });

  test('refuses a picture beyond the limits with the code for wrong usage', async () => {
    const { code, stderr } = await nairobi(
      data('stocks.csv'),
      '--width',
      '40000',
      '--height',
      '40000',
      '-o',
      join(folder, 'big.png'),
    );
    expect(code).toBe(2);
    expect(stderr).toContain('too large');
  });

  test('says that an output cannot be written', async () => {
    const { code, stderr } = await nairobi(
      data('stocks.csv'),
      '-x',
      'date',
      '-y',
      'price',
      '-o',
      join(folder, 'no', 'such.png'),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot create');
  });

  test('tells its result as JSON', async () => {
    const { stdout } = await nairobi(
      data('stocks.csv'),
      '-x',
      'date',
      '-y',
      'price',
      '-o',
      join(folder, 'json.svg'),
      '--json',
    );
    const result = JSON.parse(stdout.toString()) as Record<string, unknown>;
    expect(result).toMatchObject({ format: 'svg', mark: 'line', rows: 560 });
  });
});
