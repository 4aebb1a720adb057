/** Comparisons, three-valued logic, CASE's relatives. */

import type { BinaryOp, Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
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
