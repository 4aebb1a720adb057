/** The clauses of PIVOT and UNPIVOT out of the call they were turned into; see statements.ts. */
import type { FuncCall, Node, RangeFunction } from 'libpg-query';
import { stringsOf } from '../bind/environment.ts';

export interface Marked {
  readonly call: FuncCall;
  readonly sections: ReadonlyMap<string, readonly Node[]>;
}

const markOf = (node: Node): string | undefined => {
  const name = 'ColumnRef' in node ? stringsOf(node.ColumnRef.fields)[0] : undefined;
  return name?.startsWith('@') ? name : undefined;
};

/** The arguments of "@pivot"(..., "@for", ..., "@by", ...) by the mark before them. */
export function sectionsOf(node: RangeFunction): Marked {
  const list = node.functions?.[0];
  const call = list !== undefined && 'List' in list ? list.List.items?.[0] : undefined;
  if (call === undefined || !('FuncCall' in call)) throw new RangeError('pivot');
  const sections = new Map<string, Node[]>([['@using', []]]);
  let at = '@using';
  for (const arg of call.FuncCall.args ?? []) {
    const mark = markOf(arg);
    if (mark === '@as') sections.get(at)?.push(arg);
    else if (mark !== undefined) {
      at = mark;
      sections.set(at, sections.get(at) ?? []);
    } else sections.get(at)?.push(arg);
  }
  return { call: call.FuncCall, sections };
}

/** a AS b arrives as a, "@as", b. */
export function aliased(
  nodes: readonly Node[],
): { readonly node: Node; readonly alias: string | undefined }[] {
  const found: { node: Node; alias: string | undefined }[] = [];
  for (let i = 0; i < nodes.length; i += 1) {
    const node = nodes[i] as Node;
    const last = found.at(-1);
    if (markOf(node) === '@as' && last !== undefined) {
      const name = nodes[i + 1];
      i += 1;
      if (name !== undefined && 'ColumnRef' in name)
        last.alias = stringsOf(name.ColumnRef.fields).at(-1);
      else if (name !== undefined && 'A_Const' in name) last.alias = name.A_Const.sval?.sval;
    } else found.push({ node, alias: undefined });
  }
  return found;
}
