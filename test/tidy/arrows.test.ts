import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBelow, ROOT, readSource, type SourceFile } from './sources.ts';

const SOURCES = filesBelow('src', '.ts').map(readSource);

/** Which rooms a room may import from; files at the top of src/ are open to all. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  commands: ['engine', 'ingest', 'render', 'formats', 'sql', 'compute', 'serve', 'client'],
  serve: ['client', 'engine', 'render', 'formats', 'sql', 'compute', 'memory', 'kernel', 'host'],
  library: ['client', 'serve', 'engine', 'formats', 'kernel'],
  client: ['kernel'],
  engine: ['uring', 'memory', 'formats', 'compute', 'sql', 'ingest', 'render', 'host', 'kernel'],
  ingest: ['compute', 'formats', 'uring', 'memory', 'kernel', 'host'],
  uring: ['memory', 'kernel', 'host'],
  memory: ['kernel', 'host'],
  formats: ['compute', 'kernel', 'memory'],
  sql: ['compute'],
  compute: [],
  render: ['compute', 'kernel'],
  host: ['kernel'],
  kernel: [],
};

/** Who may load a package: no other file names it, not even for a type. */
const OWNERS: readonly { readonly packages: RegExp; readonly owner: RegExp }[] = [
  { packages: /^koffi$/, owner: /^src\/kernel\// },
  { packages: /^nodejs-polars$/, owner: /^src\/compute\/polars\.ts$/ },
  { packages: /^(vega.*|canvas|cli-table3)$/, owner: /^src\/render\// },
  { packages: /^@oclif\//, owner: /^src\/commands\// },
  { packages: /^libpg-query$/, owner: /^src\/sql\// },
];

/**
 * Types may cross where values may not: a command prints what the engine hands it, and the rooms
 * that read say what they did to the engine's Reporter.
 */
function isTypeOfTheSeam(mine: string, to: string): boolean {
  return mine === 'commands' || to === 'src/engine/run/report.ts';
}

/** What tests prove and measure by, and the program itself does not use. */
const MEASURED_ONLY = ['src/memory/smaps.ts', 'src/uring/event-reader.ts'];

const room = (name: string): string | undefined => /^src\/([^/]+)\//.exec(name)?.[1];

/** The file of ours that `file` means by `from`; undefined for a package. */
function target(file: SourceFile, from: string): string | undefined {
  if (!from.startsWith('.')) return undefined;
  return path.join(path.dirname(file.name), from);
}

describe('the rooms of src', () => {
  test('import only along the arrows of docs/ARCHITECTURE.md', () => {
    const broken = SOURCES.flatMap((file) =>
      file.imports.flatMap(({ from, kind }) => {
        const to = target(file, from) ?? '';
        const [mine, theirs] = [room(file.name), room(to)];
        if (mine === undefined || theirs === undefined || mine === theirs) return [];
        if (ARROWS[mine]?.includes(theirs)) return [];
        if (kind === 'type' && isTypeOfTheSeam(mine, to)) return [];
        return [`${file.name} imports ${from} (${kind})`];
      }),
    );
    expect(broken).toEqual([]);
  });

  test('leave the packages to the rooms that own them', () => {
    const broken = SOURCES.flatMap((file) =>
      file.imports
        .filter(({ from }) =>
          OWNERS.some(({ packages, owner }) => packages.test(from) && !owner.test(file.name)),
        )
        .map(({ from }) => `${file.name} imports ${from}`),
    );
    expect(broken).toEqual([]);
  });

  test('have no import cycle', () => {
    const byName = new Map(SOURCES.map((file) => [file.name, file]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const follow = (file: SourceFile, trail: readonly string[]): void => {
      const seen = trail.indexOf(file.name);
      if (seen !== -1) cycles.push([...trail.slice(seen), file.name].join(' -> '));
      if (seen !== -1 || done.has(file.name)) return;
      for (const { from, kind } of file.imports) {
        const next = kind === 'value' ? byName.get(target(file, from) ?? '') : undefined;
        if (next !== undefined) follow(next, [...trail, file.name]);
      }
      done.add(file.name);
    };
    for (const file of SOURCES) follow(file, []);
    expect(cycles).toEqual([]);
  });

  test('have no file that nothing imports', () => {
    const builds = readFileSync(path.join(ROOT, 'scripts/build.mjs'), 'utf8');
    const entries = new Set([...(builds.match(/src\/[\w/-]+\.ts/g) ?? []), ...MEASURED_ONLY]);
    const users = [...SOURCES, ...filesBelow('bench', '.ts').map(readSource)];
    const used = new Set(
      users.flatMap((file) => file.imports.map(({ from }) => target(file, from))),
    );
    const dead = SOURCES.map((file) => file.name).filter(
      (name) => !used.has(name) && !entries.has(name),
    );
    expect(dead).toEqual([]);
  });

  test('re-export nothing wholesale', () => {
    const barrels = SOURCES.filter((file) => file.imports.some(({ everything }) => everything));
    expect(barrels.map((file) => file.name)).toEqual([]);
  });
});
