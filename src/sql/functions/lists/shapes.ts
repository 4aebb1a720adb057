/** What functions of lists have in common: their arguments and the smallest steps. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { CallExpression } from '../../ir.ts';
import type { SqlType } from '../../types.ts';
import * as t from '../../types.ts';
import { arg, type ScalarFunction } from '../function.ts';
import { unify } from '../logic.ts';

export type ListType = Extract<SqlType, { kind: 'list' }>;
export const isList = (type: SqlType | undefined): type is ListType => type?.kind === 'list';

export const int = (node: Dsl): Dsl => d.cast(node, 'Int64');
export const plus = (a: Dsl, b: Dsl): Dsl => d.binary('Plus', a, b);
export const minus = (a: Dsl, b: Dsl): Dsl => d.binary('Minus', a, b);
export const zero = d.int64(0);
export const one = d.int64(1);
export const lengthOf = (list: Dsl): Dsl => int(d.listCall('Length', list));
export const single = (node: Dsl): Dsl => d.call('AsList', node);
export const joined = (...lists: readonly Dsl[]): Dsl => d.listCall('Concat', ...lists);
export const distinct = (list: Dsl): Dsl =>
  d.eachElement(list, d.call({ Unique: true }, d.call('DropNulls', d.element)));

/** A function of one list and what else `more` wants. */
export function ofList(
  usage: string,
  more: readonly SqlType[],
  result: (list: ListType) => SqlType,
  lower: (args: readonly Dsl[], call: CallExpression) => Dsl,
): ScalarFunction {
  return {
    usage,
    resolve: ([a, ...rest]) => {
      if (a?.kind === 'null' && rest.length === more.length)
        return { args: [t.listOf(t.INT32), ...more], type: result({ kind: 'list', of: t.INT32 }) };
      return isList(a) && rest.length === more.length
        ? { args: [a, ...more], type: result(a) }
        : undefined;
    },
    lower,
  };
}

export const same = (list: ListType): SqlType => list;

/** A list and a value of its kind, in the order the function takes them. */
export function withValue(
  usage: string,
  listAt: 0 | 1,
  result: (list: ListType) => SqlType,
  lower: (list: Dsl, value: Dsl) => Dsl,
): ScalarFunction {
  return {
    usage,
    resolve: (types) => {
      const [list, value] = [types[listAt], types[1 - listAt]];
      if (!isList(list) || value === undefined || types.length !== 2) return undefined;
      const of = t.commonType(list.of, value);
      if (of === undefined) return undefined;
      const args = listAt === 0 ? [t.listOf(of), of] : [of, t.listOf(of)];
      return { args, type: result({ kind: 'list', of }) };
    },
    lower: (args) => lower(arg(args, listAt), arg(args, 1 - listAt)),
  };
}

/** Two or more lists of one kind. */
export function ofLists(
  usage: string,
  result: (list: ListType) => SqlType,
  lower: (args: readonly Dsl[]) => Dsl,
): ScalarFunction {
  return {
    usage,
    resolve: (types) => {
      const common = unify(types);
      return isList(common) && types.length > 1
        ? { args: types.map(() => common), type: result(common) }
        : undefined;
    },
    lower: (args) => lower(args),
  };
}
