import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { plotRelation } from '../../src/engine/plot/plot.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { dataset } from './relations.ts';

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);
if (browser === undefined)
  console.log('no Chromium on this host: the page of a chart is not opened in a browser');

/** Says in the page's own body which fonts were there when the chart was drawn, and that it was. */
const OBSERVER = `<script>
const embed = vegaEmbed;
vegaEmbed = (...all) => {
  document.body.dataset.fonts = [...document.fonts].map((face) => face.status).join();
  return embed(...all).then((result) => { document.body.dataset.drawn = 'yes'; return result; });
};
</script>`;

function open(html: string): { readonly dom: string; readonly said: readonly string[] } {
  const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-chart-'));
  try {
    const file = path.join(folder, 'chart.html');
    writeFileSync(
      file,
      html.replace('<body><div id="chart">', `<body>${OBSERVER}<div id="chart">`),
    );
    const { stdout, stderr } = spawnSync(
      browser ?? '',
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--enable-logging=stderr',
        `--user-data-dir=${folder}/profile`,
        '--virtual-time-budget=10000',
        '--dump-dom',
        `file://${file}`,
      ],
      { encoding: 'utf8', timeout: 60_000 },
    );
    return { dom: stdout, said: stderr.split('\n').filter((line) => line.includes('CONSOLE')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(browser === undefined)('the page of a chart in a browser', () => {
  test.each<[string, string, Partial<PlotRequest>]>([
    ['points', 'cars.json', { x: 'Horsepower', y: ['Miles_per_Gallon'], title: 'A <b>title</b>' }],
    ['counts', 'cars.json', { x: 'Horsepower', y: ['Miles_per_Gallon'], reduce: 'density' }],
    ['small multiples', 'stocks.csv', { x: 'date', y: ['price'], facet: 'symbol' }],
  ])(
    '%s are drawn in the font of the picture, and the console stays empty',
    async (_, name, request) => {
      const { bytes } = await plotRelation(
        dataset(name),
        { ...DEFAULT_REQUEST, ...request },
        'html',
        new Reporter(),
      );
      const { dom, said } = open(bytes.toString('utf8'));
      expect(said).toEqual([]);
      expect(dom).toContain('data-fonts="loaded,loaded"');
      expect(dom).toContain('data-drawn="yes"');
      expect(dom).toContain('<canvas');
    },
    60_000,
  );
});
