/** *, t.*, EXCLUDE, REPLACE, RENAME and COLUMNS('regex'): what the select list really holds. */
import type { ColumnRef, FuncCall, Node } from 'libpg-query';
import type { Expression } from '../ir.ts';
import { sameName, suggestion } from '../names.ts';
import type { ScopeColumn } from './context.ts';
import { type Environment, stringsOf } from './environment.ts';
import { columnLabel } from './label.ts';

export interface Target {
  readonly name: string;
  readonly expression: Expression;
  readonly node: Node | undefined;
}

const reference = (column: ScopeColumn): Expression =>
  column.expression ?? {
    kind: 'column',
    id: column.id,
    name: column.name,
    type: column.type,
    position: -1,
  };

function starColumns(star: ColumnRef, environment: Environment): readonly ScopeColumn[] {
  const { context, scope } = environment;
  const table = stringsOf(star.fields).at(-1);
  if (table === undefined) {
    if (scope.columns.length === 0)
      throw context.bad(
        'There are no columns for *',
        star.location,
        'FROM is missing, or what it names has none',
      );
    return scope.columns.filter((column) => column.hidden !== true);
  }
  const found = scope.columns.filter(
    (column) => column.table !== undefined && sameName(table, column.table),
  );
  if (found.length === 0)
    throw context.bad(
      `There is no table "${table}" here`,
      star.location,
      suggestion(table, scope.tables),
    );
  return found;
}

const isStar = (node: Node | undefined): node is { ColumnRef: ColumnRef } =>
  node !== undefined &&
  'ColumnRef' in node &&
  (node.ColumnRef.fields ?? []).some((field) => 'A_Star' in field);

/** The call a dialect mark became: "@exclude", "@replace" or "@rename". */
function markedCall(node: Node | undefined): FuncCall | undefined {
  if (node === undefined || !('FuncCall' in node)) return undefined;
  return /^@(exclude|replace|rename)$/.test(stringsOf(node.FuncCall.funcname)[0] ?? '')
    ? node.FuncCall
    : undefined;
}

const nameOf = (node: Node | undefined, environment: Environment): string =>
  environment.context.name(
    node !== undefined && 'ColumnRef' in node ? stringsOf(node.ColumnRef.fields).at(-1) : undefined,
  );

function indexOf(
  targets: readonly Target[],
  name: string,
  environment: Environment,
  position: number,
): number {
  const index = targets.findIndex((target) => sameName(name, target.name));
  if (index >= 0) return index;
  const hint = suggestion(
    name,
    targets.map((target) => target.name),
  );
  throw environment.context.source.error(
    'UNKNOWN_COLUMN',
    `There is no column "${name}" in *`,
    position,
    hint,
  );
}

function applyMark(call: FuncCall, targets: readonly Target[], environment: Environment): Target[] {
  const kind = stringsOf(call.funcname)[0];
  const args = call.args ?? [];
  const position = call.location ?? 0;
  if (kind === '@exclude') {
    const dropped = new Set(
      args.map((arg) => indexOf(targets, nameOf(arg, environment), environment, position)),
    );
    return targets.filter((_, index) => !dropped.has(index));
  }
  const result = [...targets];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const [first, second] = [args[i] as Node, args[i + 1] as Node];
    if (kind === '@rename') {
      const index = indexOf(targets, nameOf(first, environment), environment, position);
      result[index] = { ...(result[index] as Target), name: nameOf(second, environment) };
    } else {
      const index = indexOf(targets, nameOf(second, environment), environment, position);
      result[index] = {
        ...(result[index] as Target),
        expression: environment.bind(first, environment),
        node: first,
      };
    }
  }
  return result;
}

/** The COLUMNS(...) call inside a node, if any. */
function columnsCall(value: unknown): FuncCall | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const call = (value as { FuncCall?: FuncCall }).FuncCall;
  if (call !== undefined && stringsOf(call.funcname)[0] === 'columns') return call;
  for (const inner of Object.values(value)) {
    const found = columnsCall(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

function replaceCall(value: unknown, call: FuncCall, by: Node): unknown {
  if (value === null || typeof value !== 'object') return value;
  if ((value as { FuncCall?: FuncCall }).FuncCall === call) return by;
  if (Array.isArray(value)) return value.map((inner) => replaceCall(inner, call, by));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, replaceCall(inner, call, by)]),
  );
}

function expandColumns(node: Node, call: FuncCall, environment: Environment): Target[] {
  const { context, scope } = environment;
  const pattern = call.args?.[0];
  const text =
    pattern !== undefined && 'A_Const' in pattern ? pattern.A_Const.sval?.sval : undefined;
  const excluded = markedCall(pattern)?.args?.map((arg) => nameOf(arg, environment)) ?? [];
  const isAll = call.agg_star === true || excluded.length > 0 || isStar(pattern);
  if (!isAll && text === undefined) {
    throw context.unsupported("COLUMNS of anything else than * or 'regex'", call.location);
  }
  let test: RegExp;
  try {
    test = new RegExp(text ?? '');
  } catch {
    throw context.bad(`'${text}' is not a regular expression`, call.location);
  }
  const columns = scope.columns.filter(
    (column) =>
      column.hidden !== true &&
      test.test(column.name) &&
      !excluded.some((name) => sameName(name, column.name)),
  );
  if (columns.length === 0) throw context.bad(`No column matches '${text}'`, call.location);
  return columns.map((column) => {
    const fields = [column.table, column.name].flatMap((name) =>
      name === undefined ? [] : [{ String: { sval: name } }],
    );
    const by = { ColumnRef: { fields, location: call.location ?? 0 } } as Node;
    const replaced = replaceCall(node, call, by) as Node;
    return {
      name: column.name,
      expression: environment.bind(replaced, environment),
      node: replaced,
    };
  });
}

/** The select list with every star replaced by its columns. */
export function bindTargets(nodes: readonly Node[], environment: Environment): Target[] {
  const { context } = environment;
  const targets: Target[] = [];
  let starAt = 0;
  for (const node of nodes) {
    if (!('ResTarget' in node)) continue;
    const { val, name } = node.ResTarget;
    const marked = markedCall(val);
    const columns = val === undefined ? undefined : columnsCall(val);
    if (isStar(val)) {
      starAt = targets.length;
      targets.push(
        ...starColumns(val.ColumnRef, environment).map((column) => ({
          name: column.name,
          expression: reference(column),
          node: undefined,
        })),
      );
    } else if (marked !== undefined) {
      targets.push(...applyMark(marked, targets.splice(starAt), environment));
    } else if (val !== undefined && columns !== undefined) {
      targets.push(...expandColumns(val, columns, environment));
    } else if (val !== undefined) {
      const expression = environment.bind(val, environment);
      const label =
        expression.kind === 'column' && name === undefined ? expression.name : columnLabel(val);
      targets.push({
        name: name === undefined ? context.name(label) : context.name(name),
        expression,
        node: val,
      });
    }
  }
  return targets;
}
