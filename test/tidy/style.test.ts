import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  filesBelow,
  lineAt,
  type Node,
  ROOT,
  readSource,
  type SourceFile,
  walk,
} from './sources.ts';

const MAX_FILE_LINES = 300;
const MAX_LINE_CHARACTERS = 100;
const MAX_FUNCTION_LINES = 70;

/** Long because they are lists of one thing: nobody reads them from end to end. */
const TABLES = /^(src\/kernel\/constants|test\/host\/\w+)\.ts$/;

const WRITTEN = ['src', 'test', 'scripts', 'bench', 'bin']
  .flatMap((folder) => filesBelow(folder, '.ts', '.mjs', '.js'))
  .filter((name) => !/\.generated\.|\/(fixtures|golden|runs)\//.test(name));
const SOURCES = WRITTEN.filter((name) => name.endsWith('.ts')).map(readSource);
const TEXTS = [...WRITTEN, ...filesBelow('docs', '.md'), 'CHANGELOG.md'];

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** "file:line" of every line of `names` that `pattern` matches. */
function linesLike(names: readonly string[], pattern: RegExp): string[] {
  return names.flatMap((name) =>
    readFileSync(path.join(ROOT, name), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${name}:${index + 1}: ${line.trim()}`] : [],
      ),
  );
}

/** Functions of `file` that are too long; what describe() is given is a chapter, not a function. */
function longFunctions(file: SourceFile): string[] {
  const found: string[] = [];
  const chapters = new Set<unknown>();
  walk(file.tree, (node) => {
    if (node.type === 'CallExpression' && isDescribe(node)) {
      for (const argument of node['arguments'] as unknown[]) chapters.add(argument);
    }
    if (!FUNCTIONS.has(node.type) || chapters.has(node)) return;
    const length = lineAt(file, node.end) - lineAt(file, node.start) + 1;
    if (length > MAX_FUNCTION_LINES) {
      found.push(`${file.name}:${lineAt(file, node.start)} has ${length} lines`);
    }
  });
  return found;
}

function isDescribe(call: Node): boolean {
  const callee = call['callee'] as Node;
  return (callee['name'] ?? (callee['object'] as Node | undefined)?.['name']) === 'describe';
}

describe('every file we write', () => {
  test(`has at most ${MAX_FILE_LINES} lines`, () => {
    const long = WRITTEN.map((name) => ({
      name,
      lines: readFileSync(path.join(ROOT, name), 'utf8').trimEnd().split('\n').length,
    })).filter(({ name, lines }) => lines > MAX_FILE_LINES && !TABLES.test(name));
    expect(long.map(({ name, lines }) => `${name}: ${lines}`)).toEqual([]);
  });

  // Code is broken by the formatter, which cannot break a string or a regular expression.
  test(`has comments of at most ${MAX_LINE_CHARACTERS} characters`, () => {
    const ours = WRITTEN.filter((name) => /^(src|test)\//.test(name));
    const comments = linesLike(ours, /^\s*(\/\*|\*|\/\/)/);
    const text = (place: string): string => place.replace(/^[^:]*:\d+: /, '');
    expect(comments.filter((place) => text(place).length > MAX_LINE_CHARACTERS)).toEqual([]);
  });

  test(`has functions of at most ${MAX_FUNCTION_LINES} lines`, () => {
    expect(SOURCES.flatMap(longFunctions)).toEqual([]);
  });

  test('leaves nothing to be done later', () => {
    const mark = new RegExp(`\\b(${'TO'}DO|${'FIX'}ME|${'X'}XX)\\b`);
    expect(linesLike(TEXTS, mark)).toEqual([]);
  });

  test('switches off no rule of the compiler', () => {
    const off = new RegExp(`@ts-(ignore|nocheck|expect-error)|eslint-${'disable'}`);
    expect(
      linesLike(
        SOURCES.map((file) => file.name),
        off,
      ),
    ).toEqual([]);
  });

  test('types nothing as any', () => {
    const found: string[] = [];
    for (const file of SOURCES) {
      walk(file.tree, (node) => {
        if (node.type === 'TSAnyKeyword') found.push(`${file.name}:${lineAt(file, node.start)}`);
      });
    }
    expect(found).toEqual([]);
  });

  test('names no registry and no path of the machine it was written on', () => {
    const host = new RegExp(`registry\\.${'npmjs'}|npm${'mirror'}|/${'work'}/`);
    expect(linesLike(TEXTS, host)).toEqual([]);
  });
});
