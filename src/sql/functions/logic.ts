/** Comparisons, three-valued logic, CASE's relatives. */

import type { BinaryOp, Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { CallExpression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import {
  arg,
  type FunctionTable,
  fixed,
  type Resolution,
  type ScalarFunction,
} from './function.ts';

/** The one type all of them become, NULLs aside. */
export function unify(types: readonly SqlType[]): SqlType | undefined {
  return types.reduce<SqlType | undefined>((a, b) => a && t.commonType(a, b), t.NULL);
}

function sameArgs(types: readonly SqlType[], type?: SqlType): Resolution | undefined {
  const common = unify(types);
  if (common === undefined) return undefined;
  return { args: types.map(() => common), type: type ?? common };
}

const comparison = (symbol: string, op: BinaryOp): ScalarFunction => ({
  usage: `value ${symbol} value`,
  resolve: (types) => {
    if (types.length !== 2) return undefined;
    const nested = types.some((type) => ['list', 'struct', 'map'].includes(type.kind));
    if (nested && /^[GL]t/.test(op)) return 'lists and structs have no order';
    return sameArgs(types, t.BOOLEAN);
  },
  lower: (args, call) =>
    // Comparing NULL with NULL has no type of its own.
    call.args[0]?.type.kind === 'null' && !op.endsWith('Validity')
      ? d.nullOf('Boolean')
      : d.binary(op, arg(args, 0), arg(args, 1)),
});

const test = (usage: string, lower: (node: Dsl) => Dsl): ScalarFunction =>
  fixed(usage, [t.BOOLEAN], t.BOOLEAN, lower);

const nullTest = (usage: string, lower: (node: Dsl) => Dsl): ScalarFunction => ({
  usage,
  resolve: (types) => (types.length === 1 ? { args: types, type: t.BOOLEAN } : undefined),
  lower: (args) => lower(arg(args, 0)),
});

/** As a balanced tree: the engine refuses expressions more than 128 levels deep. */
export function balanced(nodes: readonly Dsl[], join: (a: Dsl, b: Dsl) => Dsl): Dsl {
  if (nodes.length === 1) return arg(nodes, 0);
  const middle = nodes.length >> 1;
  return join(balanced(nodes.slice(0, middle), join), balanced(nodes.slice(middle), join));
}

/** From so many constants on, one set of them is looked into instead of as many comparisons. */
const LONG_LIST = 100;
/** No constant may hold it. */
const SEPARATOR = '\u0001';

/**
 * Whether `needle` is among many constants. The engine gets them as one text that it takes apart:
 * 50,000 comparisons took it 6 s on twenty rows, this takes 15 ms (measured). Undefined where they
 * are few, of other types or no constants.
 */
function inLongList(needle: Dsl, call: CallExpression): Dsl | undefined {
  const [sought, ...list] = call.args;
  const type = sought?.type;
  if (type === undefined || list.length < LONG_LIST) return undefined;
  const isNumber = type.kind === 'integer' || type.kind === 'float';
  if (type.kind !== 'text' && (!isNumber || type.bits === 128)) return undefined;
  const texts: string[] = [];
  for (const each of list) {
    if (each.kind !== 'literal' || !t.sameType(each.type, type)) return undefined;
    if (typeof each.value === 'number' && !Number.isFinite(each.value)) return undefined;
    if (each.value !== null) texts.push(String(each.value));
  }
  const text = texts.join(SEPARATOR);
  if (texts.length === 0 || text.split(SEPARATOR).length !== texts.length) return undefined;
  const parts = d.stringCall({ Split: false }, d.text(text), d.text(SEPARATOR));
  const values = type.kind === 'text' ? parts : d.cast(parts, { List: t.dtypeOf(type) }, true);
  const found = d.boolCall({ IsIn: { nulls_equal: false } }, needle, values);
  // A NULL in the list makes "no" unknown.
  return texts.length === list.length ? found : either(found, d.nullOf('Boolean'));
}

const either = (a: Dsl, b: Dsl): Dsl => d.binary('Or', a, b);

export const LOGIC: FunctionTable = {
  '=': comparison('=', 'Eq'),
  '<>': comparison('<>', 'NotEq'),
  '<': comparison('<', 'Lt'),
  '<=': comparison('<=', 'LtEq'),
  '>': comparison('>', 'Gt'),
  '>=': comparison('>=', 'GtEq'),
  'is distinct from': comparison('IS DISTINCT FROM', 'NotEqValidity'),
  'is not distinct from': comparison('IS NOT DISTINCT FROM', 'EqValidity'),
  and: fixed('condition AND condition', [t.BOOLEAN, t.BOOLEAN], t.BOOLEAN, (a, b) => d.and(a, b)),
  or: fixed('condition OR condition', [t.BOOLEAN, t.BOOLEAN], t.BOOLEAN, (a, b) => d.or(a, b)),
  not: test('NOT condition', (a) => d.not(a)),
  'is null': nullTest('value IS NULL', d.isNull),
  'is not null': nullTest('value IS NOT NULL', d.isNotNull),
  'is true': test('condition IS TRUE', (a) => d.coalesce(a, d.bool(false))),
  'is not true': test('condition IS NOT TRUE', (a) => d.not(d.coalesce(a, d.bool(false)))),
  'is false': test('condition IS FALSE', (a) => d.not(d.coalesce(a, d.bool(true)))),
  'is not false': test('condition IS NOT FALSE', (a) => d.coalesce(a, d.bool(true))),
  /** The first argument against each other one; a NULL in the list makes "no" unknown. */
  in: {
    usage: 'value IN (value, ...)',
    resolve: (types) => (types.length > 1 ? sameArgs(types, t.BOOLEAN) : undefined),
    lower: (args, call) => {
      if (call.args[0]?.type.kind === 'null') return d.nullOf('Boolean');
      const needle = arg(args, 0);
      const among = inLongList(needle, call);
      if (among !== undefined) return among;
      return balanced(
        args.slice(1).map((each) => d.binary('Eq', needle, each)),
        either,
      );
    },
  },
  coalesce: {
    usage: 'coalesce(value, ...)',
    resolve: (types) => (types.length > 0 ? sameArgs(types) : undefined),
    lower: (args) => d.coalesce(...args),
  },
  nullif: {
    usage: 'nullif(value, value)',
    resolve: (types) => {
      const common = types.length === 2 ? unify(types) : undefined;
      return common && { args: [common, common], type: common };
    },
    lower: (args, call) => {
      const same = d.coalesce(d.binary('Eq', arg(args, 0), arg(args, 1)), d.bool(false));
      return d.ternary(same, d.nullOf(t.dtypeOf(call.type)), arg(args, 0));
    },
  },
  greatest: extreme('greatest', 'MaxHorizontal', 'GtEq'),
  least: extreme('least', 'MinHorizontal', 'LtEq'),
};

/**
 * NULLs are passed over, as in both engines. Polars' horizontal extremes have no texts, and pass
 * over NaN, too, which is greater than every number.
 */
function extreme(name: string, variant: string, op: BinaryOp): ScalarFunction {
  return {
    usage: `${name}(value, ...)`,
    resolve: (types) => (types.length > 0 ? sameArgs(types) : undefined),
    lower: (args, call) => {
      if (t.isNumeric(call.type) && call.type.kind !== 'float') return d.call(variant, ...args);
      // Each is named four times by what picks between two: a chain would double with every one.
      return balanced(args, (a, b) => d.coalesce(d.ternary(d.binary(op, a, b), a, b), a, b));
    },
  };
}
