/**
 * The tour of the README as data: its console blocks, and the folder they run in. The demo plays
 * it, a test compares it, --write brings the README up to date:
 *
 *   node scripts/tour.mjs --write
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = join(root, 'README.md');
const data = join(root, 'node_modules/vega-datasets/data');

const FILES = ['seattle-weather.csv', 'flights-3m.parquet', 'stocks.csv'];

/** A console block: commands and their output; what follows "varies" depends on the host. */
const BLOCK = /^```console( varies)?\n([\s\S]*?)^```$/gm;

/** Every command of the README's tour with the output written under it. */
export function readTour() {
  const steps = [];
  for (const [, varies, body] of readFileSync(readme, 'utf8').matchAll(BLOCK)) {
    for (const part of body.split(/^\$ /m).slice(1)) {
      const end = part.indexOf('\n');
      steps.push({
        command: part.slice(0, end),
        output: part.slice(end + 1),
        varies: varies !== undefined,
      });
    }
  }
  return steps;
}

/** Makes `folder` with the data sets the tour names in it. */
export function prepare(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of FILES) {
    if (!existsSync(join(folder, name))) symlinkSync(join(data, name), join(folder, name));
  }
}

/** Runs one command of the tour in `folder`; what a terminal would show, as text, and the code. */
export function runStep(command, folder) {
  const env = { ...process.env, PATH: `${root}bin:${process.env.PATH ?? ''}`, NO_COLOR: '1' };
  const { status, stdout } = spawnSync('/bin/sh', ['-c', `{ ${command}; } 2>&1`], {
    cwd: folder,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { output: stdout, status };
}

function write() {
  const folder = join(root, 'demo');
  rmSync(folder, { recursive: true, force: true });
  prepare(folder);
  const text = readFileSync(readme, 'utf8').replace(BLOCK, (_block, varies, body) => {
    const commands = body.split('\n').filter((line) => line.startsWith('$ '));
    const played = commands.map((line) => `${line}\n${runStep(line.slice(2), folder).output}`);
    return `\`\`\`console${varies ?? ''}\n${played.join('')}\`\`\``;
  });
  writeFileSync(readme, text);
}

if (process.argv[1] === import.meta.filename && process.argv.includes('--write')) write();
