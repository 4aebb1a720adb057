/** Calls with rules of their own: lambdas, unnest(), structs and maps, subscripts and fields. */
import type { FuncCall, Node } from 'libpg-query';
import { makeCall } from '../bind/call.ts';
import { Scope } from '../bind/context.ts';
import { type Environment, literal, stringsOf } from '../bind/environment.ts';
import { bindCondition } from '../bind/operator.ts';
import type { Expression } from '../ir.ts';
import { sameName } from '../names.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { some } from '../walk.ts';

const LAMBDAS = /^(list|array)_(transform|apply|filter)$/;

const isElement = (expression: Expression): boolean =>
  expression.kind === 'call' && expression.name === '@element';

/** The body of a lambda, in which its parameter stands for an element of the list. */
function bindBody(
  parameter: Node | undefined,
  body: Node | undefined,
  of: SqlType,
  environment: Environment,
  isTest: boolean,
): Expression {
  const { context, scope } = environment;
  const name =
    parameter !== undefined && 'ColumnRef' in parameter
      ? context.name(stringsOf(parameter.ColumnRef.fields).at(-1))
      : undefined;
  if (name === undefined || body === undefined)
    throw context.bad('A lambda is written: name -> expression', -1);
  const element: Expression = {
    kind: 'call',
    name: '@element',
    args: [literal(BigInt(context.newKey()), t.INT64)],
    type: of,
    position: -1,
  };
  const inner = new Scope(scope, scope.ctes);
  inner.columns = [{ table: undefined, name, id: '@element', type: of, expression: element }];
  const inside: Environment = {
    ...environment,
    scope: inner,
    clause: 'a lambda',
    aggregates: false,
    windows: false,
  };
  const bound = isTest ? bindCondition(body, inside) : environment.bind(body, inside);
  const foreign = (each: Expression): boolean =>
    each.kind === 'column' || each.kind === 'subquery' || (isElement(each) && each !== element);
  const own = (each: Expression): boolean => {
    if (isElement(each)) return each.kind === 'call' && each.args[0] !== element.args[0];
    return foreign(each);
  };
  // Lists inside lists have lambdas of their own, which see only their own element.
  const reaches = (each: Expression): boolean => {
    if (each.kind === 'call' && /^list_(transform|filter)$/.test(each.name))
      return reaches(each.args[0] as Expression);
    if (each.kind === 'call' && !isElement(each)) return each.args.some(reaches);
    return isElement(each) ? own(each) : some(each, own);
  };
  if (reaches(bound))
    throw context.unsupported(
      'a lambda that reads more than its own parameter',
      bound.position,
      'unnest() the list instead',
    );
  return bound;
}

function bindLambda(call: FuncCall, name: string, environment: Environment): Expression {
  const { context } = environment;
  const position = call.location ?? 0;
  const [list, lambda, more] = call.args ?? [];
  const isLambda =
    lambda !== undefined &&
    'FuncCall' in lambda &&
    stringsOf(lambda.FuncCall.funcname)[0] === '@lambda';
  if (list === undefined || !isLambda || more !== undefined)
    throw context.bad(`${name}() wants a list and a lambda`, position, 'for example x -> x + 1');
  const bound = environment.bind(list, environment);
  const of = bound.type.kind === 'list' ? bound.type.of : t.NULL;
  const [parameter, body] = lambda.FuncCall.args ?? [];
  const isTest = name.endsWith('filter');
  const inner = bindBody(parameter, body, of, environment, isTest);
  return makeCall(context, isTest ? 'list_filter' : 'list_transform', [bound, inner], position);
}

/** [expression FOR x IN list IF condition]. */
function bindComprehension(call: FuncCall, environment: Environment): Expression {
  const { context } = environment;
  const position = call.location ?? 0;
  const [body, parameter, list, test] = call.args ?? [];
  if (list === undefined) throw context.bad('A list comprehension needs a list', position);
  let bound = environment.bind(list, environment);
  const of = bound.type.kind === 'list' ? bound.type.of : t.NULL;
  if (test !== undefined) {
    const condition = bindBody(parameter, test, of, environment, true);
    bound = makeCall(context, 'list_filter', [bound, condition], position);
  }
  const inner = bindBody(parameter, body, of, environment, false);
  return makeCall(context, 'list_transform', [bound, inner], position);
}

/** unnest(list) in a select list: the select makes rows of it. */
function bindUnnest(call: FuncCall, environment: Environment): Expression {
  const { context, clause } = environment;
  const position = call.location ?? 0;
  if (clause !== 'SELECT' && clause !== 'ORDER BY')
    throw context.unsupported(`unnest() in ${clause}`, position, 'put it into a subquery');
  const [node, more] = call.args ?? [];
  if (node === undefined || more !== undefined)
    throw context.bad('unnest() wants one list', position);
  const list = environment.bind(node, environment);
  return {
    kind: 'call',
    name: 'unnest',
    args: [list],
    type: elementType(list, environment),
    position,
  };
}

export function elementType(list: Expression, environment: Environment): SqlType {
  if (list.type.kind === 'list') return list.type.of;
  if (list.type.kind === 'map') return t.entryOf(list.type);
  if (list.type.kind === 'null') return t.INT32;
  throw environment.context.bad(
    `unnest() wants a list, this is ${t.describeType(list.type)}`,
    list.position,
  );
}

const constantText = (expression: Expression | undefined): string | undefined =>
  expression?.kind === 'literal' && typeof expression.value === 'string'
    ? expression.value
    : undefined;

/** {'a': 1} arrives as "@struct"('a', 1); struct_pack(a := 1) with named arguments. */
function bindStruct(call: FuncCall, name: string, environment: Environment): Expression {
  const { context } = environment;
  const position = call.location ?? 0;
  const args = call.args ?? [];
  const fields: { name: string; value: Expression }[] = [];
  if (name === '@struct') {
    for (let i = 0; i + 1 < args.length; i += 2) {
      const key = constantText(environment.bind(args[i] as Node, environment));
      if (key === undefined) throw context.bad('The names of a struct are constants', position);
      fields.push({ name: key, value: environment.bind(args[i + 1] as Node, environment) });
    }
  } else {
    for (const arg of args) {
      if (!('NamedArgExpr' in arg) || arg.NamedArgExpr.arg === undefined)
        throw context.bad('struct_pack() wants name := value', position);
      const value = environment.bind(arg.NamedArgExpr.arg, environment);
      fields.push({ name: context.name(arg.NamedArgExpr.name), value });
    }
  }
  return structOf(fields, position);
}

export function structOf(
  fields: readonly { readonly name: string; readonly value: Expression }[],
  position: number,
): Expression {
  return {
    kind: 'call',
    name: '@struct',
    args: fields.map((each) => each.value),
    type: {
      kind: 'struct',
      fields: fields.map((each) => ({ name: each.name, type: each.value.type })),
    },
    position,
  };
}

/** map([k, ...], [v, ...]) of lists that are written out is MAP {k: v, ...}. */
function bindMap(call: FuncCall, environment: Environment): Expression {
  const { context } = environment;
  const position = call.location ?? 0;
  const [keys, values] = (call.args ?? []).map((node) =>
    'A_ArrayExpr' in node ? (node.A_ArrayExpr.elements ?? []) : undefined,
  );
  if (keys === undefined || values === undefined || keys.length !== values.length)
    throw context.unsupported('map() of anything but two lists written out', position);
  const args = keys.flatMap((key, index) =>
    [key, values[index] as Node].map((node) => environment.bind(node, environment)),
  );
  return makeCall(context, '@map', args, position);
}

function fieldOf(value: Expression, name: string, environment: Environment): Expression {
  const { context } = environment;
  if (value.type.kind !== 'struct')
    throw context.bad(
      `"${name}" of ${t.describeType(value.type)}, which has no fields`,
      value.position,
    );
  const field = value.type.fields.find((each) => sameName(name, each.name));
  if (field === undefined) {
    const known = value.type.fields.map((each) => each.name).join(', ');
    throw context.bad(`There is no field "${name}"`, value.position, `known: ${known}`);
  }
  return {
    kind: 'call',
    name: '@field',
    args: [value, literal(field.name, t.TEXT)],
    type: field.type,
    position: value.position,
  };
}

/** value[1], value[1:2], value['key'], (value).field */
export function indirection(
  value: Expression,
  steps: readonly Node[],
  environment: Environment,
): Expression {
  const { context } = environment;
  let current = value;
  const bound = (node: Node | undefined): Expression =>
    node === undefined ? literal(null, t.INT64) : environment.bind(node, environment);
  for (const step of steps) {
    if ('String' in step) current = fieldOf(current, step.String.sval ?? '', environment);
    else if (!('A_Indices' in step)) throw context.unsupported('.* of a value', value.position);
    else if (step.A_Indices.is_slice === true) {
      const { lidx, uidx } = step.A_Indices;
      current = makeCall(
        context,
        'list_slice',
        [current, bound(lidx), bound(uidx)],
        value.position,
      );
    } else {
      const index = bound(step.A_Indices.uidx);
      const key = constantText(index);
      if (current.type.kind === 'struct' && key !== undefined)
        current = fieldOf(current, key, environment);
      else if (current.type.kind === 'map')
        current = makeCall(context, 'map_value', [current, index], value.position);
      else current = makeCall(context, 'list_extract', [current, index], value.position);
    }
  }
  return current;
}

/** What only the binder can make of a call; undefined when it is an ordinary one. */
export function special(
  call: FuncCall,
  name: string,
  environment: Environment,
): Expression | undefined {
  if (LAMBDAS.test(name)) return bindLambda(call, name, environment);
  const args = (): Expression[] =>
    (call.args ?? []).map((node) => environment.bind(node, environment));
  switch (name) {
    case '@each':
      return bindComprehension(call, environment);
    case 'random': {
      const seed = literal(BigInt(Math.floor(Math.random() * 2 ** 32)), t.INT64);
      return { kind: 'call', name, args: [seed], type: t.FLOAT64, position: call.location ?? 0 };
    }
    case 'unnest':
      return bindUnnest(call, environment);
    case '@struct':
    case 'struct_pack':
      return bindStruct(call, name, environment);
    case 'map':
      return bindMap(call, environment);
    case 'struct_extract': {
      const [value, key] = args();
      const wanted = constantText(key);
      if (value === undefined || wanted === undefined)
        throw environment.context.bad('struct_extract() wants a struct and a name', call.location);
      return fieldOf(value, wanted, environment);
    }
    case 'row':
      return structOf(
        args().map((each, index) => ({ name: `f${index + 1}`, value: each })),
        call.location ?? 0,
      );
    default:
      return undefined;
  }
}
