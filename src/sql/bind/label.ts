/** What PostgreSQL calls a column that was given no name (FigureColname of parse_target.c). */
import type { Node } from 'libpg-query';
import { stringsOf } from './environment.ts';
import { typeLabel } from './typename.ts';

/** The name, and how sure: a cast keeps a name found inside it, else takes its type's. */
function figure(node: Node | undefined): readonly [string, 0 | 1 | 2] {
  if (node === undefined) return ['?column?', 0];
  if ('ColumnRef' in node) {
    const name = stringsOf(node.ColumnRef.fields).at(-1);
    return name === undefined ? ['?column?', 0] : [name, 2];
  }
  if ('FuncCall' in node) return [stringsOf(node.FuncCall.funcname).at(-1) ?? '?column?', 2];
  if ('TypeCast' in node) {
    const inner = figure(node.TypeCast.arg);
    if (inner[1] === 2) return inner;
    const type = typeLabel(node.TypeCast.typeName);
    return type === '' ? inner : [type, 1];
  }
  if ('CaseExpr' in node) {
    const inner = figure(node.CaseExpr.defresult);
    return inner[1] === 2 ? inner : ['case', 1];
  }
  if ('A_Indirection' in node) return figure(node.A_Indirection.arg);
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_NULLIF') return ['nullif', 2];
  if ('CoalesceExpr' in node) return ['coalesce', 2];
  if ('MinMaxExpr' in node) return [node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest', 2];
  if ('A_ArrayExpr' in node) return ['array', 2];
  if ('SQLValueFunction' in node) {
    const op = (node.SQLValueFunction.op ?? '').replace('SVFOP_', '').replace(/_N$/, '');
    return [op.toLowerCase(), 2];
  }
  if ('GroupingFunc' in node) return ['grouping', 2];
  if ('SubLink' in node) return subquery(node.SubLink.subLinkType, node.SubLink.subselect);
  return ['?column?', 0];
}

function subquery(type: string | undefined, select: Node | undefined): readonly [string, 0 | 2] {
  if (type === 'EXISTS_SUBLINK') return ['exists', 2];
  const target =
    select !== undefined && 'SelectStmt' in select ? select.SelectStmt.targetList?.[0] : undefined;
  if (type !== 'EXPR_SUBLINK' || target === undefined || !('ResTarget' in target))
    return ['?column?', 0];
  return [target.ResTarget.name ?? figure(target.ResTarget.val)[0], 2];
}

export const columnLabel = (node: Node | undefined): string => figure(node)[0];
