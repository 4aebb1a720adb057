/** A plan as an indented text. */
import type { Expression, Plan } from './ir.ts';
import { typeName } from './types.ts';
import { conjuncts, inputsOf } from './walk.ts';

const INFIX = new Set([
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '||',
  'and',
  'or',
  'like',
  'ilike',
  'in',
]);

/** Close to SQL; ids of columns are shown as their names. */
export function explainExpression(expression: Expression): string {
  const list = (expressions: readonly Expression[]): string =>
    expressions.map(explainExpression).join(', ');
  switch (expression.kind) {
    case 'column':
      return expression.name;
    case 'literal':
      return literalText(expression.value);
    case 'call': {
      const [first, ...rest] = expression.args;
      if (INFIX.has(expression.name) && first !== undefined) {
        return `(${explainExpression(first)} ${expression.name} ${rest.length > 1 ? `(${list(rest)})` : list(rest)})`;
      }
      return `${expression.name}(${list(expression.args)})`;
    }
    case 'cast':
      return `${explainExpression(expression.input)}::${typeName(expression.type)}`;
    case 'case':
      return `case(${expression.branches.map((each) => `${explainExpression(each.when)}: ${explainExpression(each.result)}`).join(', ')})`;
    case 'aggregate':
      return `${expression.name}(${expression.distinct ? 'distinct ' : ''}${list(expression.args) || '*'})`;
    case 'window':
      return `${expression.name}(${list(expression.args)}) over (${list(expression.partition)})`;
    case 'subquery':
      return '(subquery)';
  }
}

function literalText(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (value !== null && typeof value === 'object') {
    return JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'bigint' ? Number(inner) : inner,
    );
  }
  return String(value);
}

function title(plan: Plan): string {
  const list = (expressions: readonly Expression[]): string =>
    expressions.map(explainExpression).join(', ');
  switch (plan.kind) {
    case 'scan': {
      const filter =
        plan.predicate === undefined
          ? ''
          : ` where ${conjuncts(plan.predicate).map(explainExpression).join(' and ')}`;
      const { name, share } = plan.relation;
      const files = share === undefined ? '' : `, ${share}`;
      return `scan ${name} [${plan.columns.map((column) => column.name).join(', ')}]${filter}${files}`;
    }
    case 'filter':
      return `filter ${explainExpression(plan.predicate)}`;
    case 'project':
      return `project ${list(plan.items.map((item) => item.expression))}`;
    case 'aggregate':
      return `aggregate ${list(plan.aggregates.map((item) => item.expression))}${plan.keys.length > 0 ? ` by ${list(plan.keys.map((key) => key.expression))}` : ''}`;
    case 'join': {
      const on = [
        ...plan.keys.map(
          (key) => `${explainExpression(key.left)} = ${explainExpression(key.right)}`,
        ),
        ...conjuncts(plan.residual).map(explainExpression),
      ];
      return `${plan.join} join${on.length > 0 ? ` on ${on.join(' and ')}` : ''}`;
    }
    case 'compute':
      return `compute ${list(plan.items.map((item) => item.expression))}`;
    case 'sort':
      return `sort ${plan.items.map((item) => `${explainExpression(item.expression)}${item.descending ? ' desc' : ''}`).join(', ')}`;
    case 'limit':
      return `limit ${plan.count ?? 'all'}${plan.offset > 0 ? ` offset ${plan.offset}` : ''}`;
    case 'window':
      return `window ${list(plan.windows.map((each) => each.expression))}`;
    case 'set':
      return `${plan.operation}${plan.all ? ' all' : ''}`;
    case 'shared':
      return `with ${plan.name}`;
    default:
      return plan.kind;
  }
}

/** `computed`: what Polars has no part in, and where it comes from. */
export function explainPlan(plan: Plan, computed: ReadonlyMap<Plan, string>, depth = 0): string {
  const from = computed.get(plan);
  const how = from === undefined ? '' : ` (${from})`;
  const lines = [`${'  '.repeat(depth)}${title(plan)}${how}`];
  const inputs = plan.kind === 'shared' ? [plan.definition.plan] : inputsOf(plan);
  for (const input of inputs) lines.push(explainPlan(input, computed, depth + 1));
  return lines.join('\n');
}
