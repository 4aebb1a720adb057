/** Function calls: scalar ones, aggregates, window functions and the few with their own rules. */
import type { FuncCall, Node } from 'libpg-query';
import { aggregateFunction, canonicalAggregate } from '../functions/aggregates.ts';
import { scalarFunction } from '../functions/scalar.ts';
import type { AggregateExpression, Expression } from '../ir.ts';
import { rare, rareIfLoaded } from '../rare.ts';
import * as t from '../types.ts';
import { describeType } from '../types.ts';
import { makeCall } from './call.ts';
import { adaptLiterals, convert } from './coerce.ts';
import { bindMoment } from './constant.ts';
import type { Context } from './context.ts';
import { type Environment, stringsOf } from './environment.ts';
import { bindSortItems } from './sort.ts';
import { bindWindow, isWindowFunction } from './window.ts';

const MOMENTS: Readonly<Record<string, 'now' | 'local' | 'date'>> = {
  now: 'now',
  transaction_timestamp: 'now',
  statement_timestamp: 'now',
  current_localtimestamp: 'local',
  today: 'date',
};

/** Fields of an instant are those the session's clocks show. */
const LOCAL_FIELDS =
  /^(date_part|extract|datepart|date_trunc|datetrunc|time_bucket|date_diff|datediff|strftime|year|quarter|month|week|day|hour|minute|dayname|monthname|last_day|dayof\w+|isodow|isoyear|yearweek|weekday|weekofyear|decade|century)$/;

export function bindFunction(call: FuncCall, environment: Environment): Expression {
  const { context } = environment;
  const name = (stringsOf(call.funcname).at(-1) ?? '').toLowerCase();
  const position = call.location ?? 0;
  const moment = MOMENTS[name];
  if (moment !== undefined && call.args === undefined) return bindMoment(context, moment, position);
  if (call.over !== undefined) return bindWindow(call, name, environment);
  if (aggregateFunction(name) !== undefined) return bindAggregate(call, name, environment);
  // A name nobody knows may be a rare one: then this is bound again.
  const isKnown = scalarFunction(name) !== undefined || isWindowFunction(name);
  const special = (isKnown ? rareIfLoaded() : rare())?.special(call, name, environment);
  if (special !== undefined) return special;
  if (aggregateFunction(name) !== undefined) return bindAggregate(call, name, environment);
  if (isWindowFunction(name)) throw context.bad(`${name}() needs OVER (...)`, position);
  if (call.agg_filter !== undefined)
    throw context.bad(`FILTER needs an aggregate, ${name}() is none`, position);
  const args = (call.args ?? []).map((node) => environment.bind(node, environment));
  if (name === 'if' || name === 'iif') return conditional(context, args, position);
  const local = inSessionZone(context, name, args);
  const result = makeCall(context, name, local, position);
  // A truncated instant is an instant again.
  const zoned = args.find((arg, index) => arg !== local[index]);
  return zoned !== undefined && result.type.kind === 'timestamp'
    ? convert(context, result, zoned.type)
    : result;
}

/** Instants become local times for the functions that read fields; date_trunc gives one back. */
function inSessionZone(
  context: Context,
  name: string,
  args: readonly Expression[],
): readonly Expression[] {
  if (!LOCAL_FIELDS.test(name)) return args;
  return args.map((arg) =>
    arg.type.kind === 'timestamp' && arg.type.zone !== undefined
      ? convert(context, arg, t.TIMESTAMP)
      : arg,
  );
}

function conditional(context: Context, args: readonly Expression[], position: number): Expression {
  const [when, then, otherwise] = args;
  if (when === undefined || then === undefined || otherwise === undefined || args.length > 3) {
    throw context.bad('if() wants a condition and two values', position);
  }
  return makeCase(
    context,
    [{ when: convert(context, when, t.BOOLEAN), result: then }],
    otherwise,
    position,
  );
}

/** A CASE whose results all have one type. */
export function makeCase(
  context: Context,
  branches: readonly { when: Expression; result: Expression }[],
  otherwise: Expression,
  position: number,
): Expression {
  const results = adaptLiterals(context, [...branches.map((branch) => branch.result), otherwise]);
  const type = results.reduce<t.SqlType | undefined>(
    (common, each) => common && t.commonType(common, each.type),
    t.NULL,
  );
  if (type === undefined) {
    const types = [...new Set(results.map((each) => describeType(each.type)))].join(' and ');
    throw context.bad(`The results of CASE have types that do not meet: ${types}`, position);
  }
  const converted = results.map((each) => convert(context, each, type));
  return {
    kind: 'case',
    branches: branches.map(({ when }, index) => ({ when, result: converted[index] as Expression })),
    otherwise: converted.at(-1) as Expression,
    type,
    position,
  };
}

function resolveAggregate(
  context: Context,
  name: string,
  given: readonly Expression[],
  position: number,
): { readonly args: readonly Expression[]; readonly type: t.SqlType } {
  const fn = aggregateFunction(name);
  const resolved = fn?.resolve(
    given.map((each) => each.type),
    given,
  );
  if (resolved === undefined || typeof resolved === 'string') {
    const types = given.map((each) => describeType(each.type)).join(', ');
    const why = typeof resolved === 'string' ? `: ${resolved}` : '';
    throw context.bad(`${name}(${types}) does not exist${why}`, position, `usage: ${fn?.usage}`);
  }
  return {
    args: given.map((each, index) => convert(context, each, resolved.args[index] ?? each.type)),
    type: resolved.type,
  };
}

/** max(x, 3) and quantile_cont(x, [0.1, 0.9]) give lists: functions of their own. */
function variantOf(name: string, given: readonly Expression[]): string {
  if (/^arg_(min|max)$/.test(name) && given.length === 3) return rare().variant(`${name}_n`);
  if (/^(min|max)$/.test(name) && given.length === 2) return rare().variant(`${name}_n`);
  const isList = /^quantile_/.test(name) && given[1]?.type.kind === 'list';
  return isList ? rare().variant(`${name}_list`) : name;
}

export function bindAggregate(
  call: FuncCall,
  name: string,
  environment: Environment,
): AggregateExpression {
  const { context } = environment;
  const position = call.location ?? 0;
  if (!environment.aggregates) {
    throw context.bad(
      `${name}() is an aggregate; ${environment.clause} cannot hold one`,
      position,
      environment.clause === 'WHERE' ? 'use HAVING' : undefined,
    );
  }
  const inner: Environment = {
    ...environment,
    aggregates: false,
    windows: false,
    clause: `${name}()`,
  };
  const bind = (node: Node): Expression => environment.bind(node, inner);
  let given = (call.args ?? []).map(bind);
  let order = bindSortItems(call.agg_order, bind);
  if (call.agg_within_group === true) {
    // percentile_cont(0.5) WITHIN GROUP (ORDER BY x): the ordered value is the argument.
    given = rare().withinGroup(name, given, order, context);
    order = [];
  }
  const canonical = variantOf(canonicalAggregate(name), given);
  const { args, type } = resolveAggregate(context, canonical, given, position);
  const filter =
    call.agg_filter === undefined ? undefined : convert(context, bind(call.agg_filter), t.BOOLEAN);
  return {
    kind: 'aggregate',
    name: canonical,
    args,
    distinct: call.agg_distinct === true,
    filter,
    order,
    type,
    position,
  };
}
