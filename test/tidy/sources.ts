/** The program's own files as the tidy tests see them: text, syntax tree, imports. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAst } from 'vitest/node';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** Any node of an ESTree; only the fields the tests ask for. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Import {
  /** As written: "../errors.ts", "node:fs", "koffi". */
  readonly from: string;
  readonly kind: 'value' | 'type' | 'dynamic';
  /** `export * from`. */
  readonly everything: boolean;
}

export interface SourceFile {
  /** From the top of the checkout: "src/uring/ring.ts". */
  readonly name: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly tree: Node;
  readonly imports: readonly Import[];
}

/** Every file below `folder` whose name ends with one of `endings`. */
export function filesBelow(folder: string, ...endings: string[]): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .sort();
}

export function readSource(name: string): SourceFile {
  const text = readFileSync(path.join(ROOT, name), 'utf8');
  const tree = parseAst(text, { lang: 'ts', astType: 'ts' }, name) as unknown as Node;
  return { name, text, lines: text.split('\n'), tree, imports: importsOf(tree) };
}

/** Calls `visit` on `node` and everything below it. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const field of Object.values(node)) {
    for (const child of Array.isArray(field) ? field : [field]) {
      if (isNode(child)) walk(child, visit);
    }
  }
}

/** The line `offset` is on, from 1. */
export function lineAt(file: SourceFile, offset: number): number {
  return file.text.slice(0, offset).split('\n').length;
}

function importsOf(tree: Node): Import[] {
  const imports: Import[] = [];
  walk(tree, (node) => {
    const source = node['source'];
    if (!isNode(source) || typeof source['value'] !== 'string') return;
    const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type';
    const kind = node.type === 'ImportExpression' ? 'dynamic' : typeOnly ? 'type' : 'value';
    imports.push({ from: source['value'], kind, everything: node.type === 'ExportAllDeclaration' });
  });
  return imports;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
