/** One element, or a stretch of them. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { CallExpression } from '../../ir.ts';
import * as t from '../../types.ts';
import { arg, literalOf, type ScalarFunction } from '../function.ts';
import { int, isList, lengthOf, minus, one, plus, zero } from './shapes.ts';

/** The 0-based start and the length of list[from:to]. */
function span(length: Dsl, from: Dsl | undefined, to: Dsl | undefined): readonly [Dsl, Dsl] {
  const back = (index: Dsl): Dsl => plus(length, index);
  const begin =
    from === undefined ? zero : d.ternary(d.binary('Lt', from, zero), back(from), minus(from, one));
  const end =
    to === undefined ? length : d.ternary(d.binary('Lt', to, zero), plus(back(to), one), to);
  const start = d.call('MaxHorizontal', begin, zero);
  const stop = d.call('MinHorizontal', end, length);
  return [start, d.call('MaxHorizontal', minus(stop, start), zero)];
}

/** A bound written as NULL or left out is the list's own end. */
const bound = (call: CallExpression, args: readonly Dsl[], index: number): Dsl | undefined =>
  call.args[index] === undefined || literalOf(call.args[index]) === null ? undefined : args[index];

export const listSlice: ScalarFunction = {
  usage: 'list_slice(list, from, to [, step]) or list[from:to]',
  resolve: ([a, ...rest], args) => {
    if (rest.length < 2 || rest.length > 3 || (!isList(a) && a?.kind !== 'text')) return undefined;
    const step = args[3];
    if (step !== undefined && (a?.kind === 'text' || literalOf(step) === undefined))
      return 'the step must be a constant, and of a list';
    if (step !== undefined && Number(literalOf(step)) < 1) return 'the step must be positive';
    return { args: [a, ...rest.map(() => t.INT64)], type: a };
  },
  lower: (args, call) => {
    const [node, from, to] = [arg(args, 0), bound(call, args, 1), bound(call, args, 2)];
    if (call.type.kind === 'text') {
      const [start, count] = span(int(d.stringCall('LenChars', node)), from, to);
      return d.stringCall('Slice', node, start, d.cast(count, 'UInt64'));
    }
    const [start, count] = span(lengthOf(node), from, to);
    const cut = d.listCall('Slice', node, start, count);
    const step = Number(literalOf(call.args[3]) ?? 1);
    return step === 1
      ? cut
      : d.eachElement(cut, d.call({ GatherEvery: { n: step, offset: 0 } }, d.element));
  },
};

export const listExtract: ScalarFunction = {
  usage: 'list[index]',
  resolve: ([a]) => {
    if (isList(a)) return { args: [a, t.INT64], type: a.of };
    return a?.kind === 'text' ? { args: [a, t.INT64], type: t.TEXT } : undefined;
  },
  lower: (args, call) => {
    const [node, index] = [arg(args, 0), arg(args, 1)];
    if (call.args[0]?.type.kind === 'text') {
      const [start] = span(int(d.stringCall('LenChars', node)), index, undefined);
      return d.stringCall('Slice', node, start, d.cast(one, 'UInt64'));
    }
    const at = d.ternary(
      d.binary('Gt', index, zero),
      minus(index, one),
      // Index 0 is outside of every list.
      d.ternary(d.binary('Eq', index, zero), d.nullOf('Int64'), index),
    );
    return d.listCall({ Get: true }, node, at);
  },
};
