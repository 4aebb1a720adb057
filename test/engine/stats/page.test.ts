import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ColumnFacts } from '../../../src/compute/stats/survey.ts';
import { Reporter } from '../../../src/engine/run/report.ts';
import { statsPage } from '../../../src/engine/stats/page.ts';
import { stats } from '../../../src/engine/stats/stats.ts';
import { csv, relationOf } from '../../compute/relations.ts';

const NASTY = '<script>document.title="broken"</script>';

async function page(): Promise<string> {
  const rows = Array.from(
    { length: 500 },
    (_, i) => `${i},${(i * i) % 97},${i % 3 === 0 ? NASTY : 'b&b'}`,
  );
  const relation = relationOf(csv(`id,"a ""b"" <i>",s\n${rows.join('\n')}\n`));
  const facts: ColumnFacts[] = [];
  const result = await stats(relation, { columns: undefined }, new Reporter(), (one) =>
    facts.push(one),
  );
  return statsPage(result, facts);
}

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);
if (browser === undefined)
  console.log('no Chromium on this host: the page is not checked in a browser');

describe('the page of statistics', () => {
  it('loads nothing and runs nothing', async () => {
    const html = await page();
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(| on[a-z]+=/i);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain('&#60;script&#62;');
  });

  it.skipIf(browser === undefined)('shows every column with its picture in a browser', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-page-'));
    try {
      const file = path.join(folder, 'page.html');
      writeFileSync(file, await page());
      const options = [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        `--user-data-dir=${folder}/profile`,
      ];
      const dom = execFileSync(browser ?? '', [...options, '--dump-dom', `file://${file}`], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 60_000,
      });
      expect(dom.match(/<section>/g)).toHaveLength(3);
      expect(dom.match(/<svg /g)).toHaveLength(2);
      expect(dom).toContain('<title>rows – statistics</title>');
      expect(dom).not.toContain('<i>');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
