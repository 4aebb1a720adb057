import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const stocks = `${root}node_modules/vega-datasets/data/stocks.csv`;

/** Makes the package canvas one that cannot be found. */
const WITHOUT = `data:text/javascript,${encodeURIComponent(
  "import{registerHooks}from'node:module';registerHooks({resolve(s,c,n){if(s==='canvas')throw new Error('canvas is not there');return n(s,c)}})",
)}`;

function plot(...args: string[]): Promise<{ code: number | null; stdout: Buffer; stderr: string }> {
  return new Promise((resolve) => {
    const command = [
      '--import',
      WITHOUT,
      `${root}bin/run.js`,
      'plot',
      stocks,
      '-x',
      'date',
      '-y',
      'price',
      ...args,
    ];
    const child = execFile(
      process.execPath,
      command,
      { encoding: 'buffer', maxBuffer: 1 << 26 },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr: stderr.toString() });
      },
    );
  });
}

describe('where canvas cannot be loaded', () => {
  test('SVG is drawn with the very same layout', async () => {
    const { code, stdout } = await plot('-f', 'svg', '-q');
    expect(code).toBe(0);
    const whole = await new Promise<Buffer>((resolve) => {
      const args = [
        `${root}bin/run.js`,
        'plot',
        stocks,
        '-x',
        'date',
        '-y',
        'price',
        '-f',
        'svg',
        '-q',
      ];
      execFile(process.execPath, args, { encoding: 'buffer' }, (_, bytes) => resolve(bytes));
    });
    expect(stdout.equals(whole)).toBe(true);
  });

  test.each(['html', 'text', 'vl.json'])('%s is drawn', async (format) => {
    const { code, stdout } = await plot('-f', format, '-q');
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(500);
  });

  test('counts per pixel are drawn into SVG', async () => {
    const { code, stdout } = await plot('-f', 'svg', '-q', '--density', '-m', 'point');
    expect(code).toBe(0);
    expect(stdout.toString()).toContain('href="data:image/png;base64,');
  });

  test('PNG says what to do, with the code for a host that cannot', async () => {
    const { code, stderr } = await plot('-f', 'png', '-q');
    expect(code).toBe(3);
    expect(stderr).toContain('.svg');
  });
});
