/**
 * Expressions that the engine cannot read whole are cut: their inner parts become columns of
 * projections below. It takes expressions as JSON of at most 128 levels (serde_json's limit), and
 * a function that names its argument twice doubles all that stands inside. What is cut, and where,
 * follows from the form the engine would get; values and their order of evaluation stay.
 */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { flattened, pairwise } from '../balance.ts';
import { columnOf } from '../build.ts';
import { outputOf, typedColumns } from '../columns.ts';
import type { ColumnId, Expression, Named, Plan, SubqueryExpression } from '../ir.ts';
import { type Lowering, lowerExpression } from '../lower/expression.ts';
import { Shapes } from '../lower/shape.ts';
import {
  childrenOf,
  columnsOf,
  filterAbove,
  inputsOf,
  mapChildren,
  mapExpressions,
  mapInputs,
  some,
} from '../walk.ts';
import { sharedIn } from './inline.ts';

/** Fewer levels of calls are within the engine's limit whatever they are: nothing changes. */
const SHALLOW = 7;
/** JSON levels of one expression; the rest of the 128 is for what stands around it. */
const LEVELS_MAX = 90;
/** An argument of fewer levels is not worth a column. */
const LEVELS_WORTH = 12;
/** Nodes of an expression that repeats its arguments; past it they become columns. */
const NODES_MAX = 4000;

/** True where calls stand in each other further than SHALLOW; looks no deeper. */
function isDeep(expression: Expression, levels = SHALLOW): boolean {
  if (levels === 0) return true;
  return childrenOf(expression).some((inner) => isDeep(inner, levels - 1));
}

const isLeaf = ({ kind }: Expression): boolean => kind === 'column' || kind === 'literal';

const inLambda = (expression: Expression): boolean =>
  some(expression, (inner) => inner.kind === 'call' && inner.name === '@element');

const isDeepSubquery = (inner: Expression): boolean =>
  inner.kind === 'subquery' && hasDeep(inner.plan);

function hasDeep(plan: Plan): boolean {
  let found = false;
  mapExpressions(plan, (expression) => {
    found ||= isDeep(expression) || some(expression, isDeepSubquery);
    return expression;
  });
  if (plan.kind === 'shared') return hasDeep(plan.definition.plan);
  return found || inputsOf(plan).some(hasDeep);
}

/** The plan with every expression in a form the engine reads; the same plan where all are. */
export function cutDeep(plan: Plan): Plan {
  if (!hasDeep(plan)) return plan;
  const cutter = new Cutter();
  for (const definition of sharedIn(plan).values()) definition.plan = cutter.plan(definition.plan);
  return cutter.plan(plan);
}

interface Made extends Named {
  /** 0 reads the input, n what n - 1 made. */
  readonly layer: number;
}

class Cutter {
  #count = 0;
  readonly #subqueries = new Map<SubqueryExpression, SubqueryExpression>();

  plan(plan: Plan): Plan {
    const node = mapInputs(plan, (input) => this.plan(input));
    let isCut = false;
    const inside = mapExpressions(node, (expression) => {
      isCut ||= isDeep(expression);
      return this.#inSubqueries(expression);
    });
    return isCut ? this.#node(inside) : inside;
  }

  /** Constant subqueries are plans of their own; each stays one, as it is run once. */
  #inSubqueries(expression: Expression): Expression {
    if (!some(expression, (inner) => inner.kind === 'subquery')) return expression;
    if (expression.kind !== 'subquery')
      return mapChildren(expression, (inner) => this.#inSubqueries(inner));
    const known = this.#subqueries.get(expression);
    const cut = known ?? { ...expression, plan: this.plan(expression.plan) };
    this.#subqueries.set(expression, cut);
    return cut;
  }

  #node(plan: Plan): Plan {
    switch (plan.kind) {
      case 'scan': {
        const filter = filterAbove(plan, isDeep);
        return filter === undefined ? plan : this.#over(filter);
      }
      case 'join':
        return this.#join(plan);
      case 'asof':
        return this.#sides(plan);
      case 'filter':
      case 'project':
      case 'aggregate':
      case 'window':
      case 'unnest':
      case 'sort':
        return this.#over(plan);
      default:
        return plan;
    }
  }

  #over(plan: Plan & { readonly input: Plan }): Plan {
    const cuts = new Cuts(new Set(outputOf(plan.input)), () => this.#newId());
    const rewritten = mapExpressions(plan, (each) => cuts.cut(each)) as typeof plan;
    if (cuts.made.length === 0) return rewritten;
    const isNew = plan.kind === 'project' || plan.kind === 'aggregate';
    const wanted = isNew ? read(rewritten) : read(rewritten, outputOf(plan.input));
    const over = { ...rewritten, input: layered(plan.input, cuts.made, wanted) } as Plan;
    return isNew ? over : only(plan, over);
  }

  #join(plan: Plan & { kind: 'join' }): Plan {
    if (plan.join !== 'inner' || plan.residual === undefined || !isDeep(plan.residual))
      return this.#sides(plan);
    const input = this.#sides({ ...plan, residual: undefined });
    return this.#over({ kind: 'filter', input, predicate: plan.residual });
  }

  /** What reads one side becomes a column of it. */
  #sides(plan: Plan & { readonly left: Plan; readonly right: Plan }): Plan {
    const [left, right] = [plan.left, plan.right].map(
      (side) => new Cuts(new Set(outputOf(side)), () => this.#newId()),
    ) as [Cuts, Cuts];
    const rewritten = mapExpressions(plan, (each) => right.cut(left.cut(each))) as typeof plan;
    if (left.made.length + right.made.length === 0) return rewritten;
    const side = (input: Plan, cuts: Cuts): Plan =>
      layered(input, cuts.made, read(rewritten, outputOf(input)));
    const joined = { ...rewritten, left: side(plan.left, left), right: side(plan.right, right) };
    return only(plan, joined as Plan);
  }

  #newId(): ColumnId {
    this.#count += 1;
    return `deep${this.#count}`;
  }
}

/** The parts cut out of the expressions over one input. */
class Cuts {
  readonly made: Made[] = [];
  readonly #layers = new Map<ColumnId, number>();
  readonly #columns: ReadonlySet<ColumnId>;
  readonly #newId: () => ColumnId;
  readonly #shapes = new Shapes();
  readonly #known = new Map<Expression, Dsl>();
  readonly #lowering: Lowering = {
    column: ({ id }) => d.column(id),
    constant: () => d.bool(true),
    known: this.#known,
  };

  constructor(columns: ReadonlySet<ColumnId>, newId: () => ColumnId) {
    this.#columns = columns;
    this.#newId = newId;
  }

  cut(expression: Expression): Expression {
    return isDeep(expression) && !inLambda(expression) ? this.#within(expression) : expression;
  }

  #within(expression: Expression): Expression {
    if (isLeaf(expression)) return expression;
    const inner = mapChildren(flat(expression), (each) => this.#within(each));
    if (!this.#isTooMuch(inner)) return inner;
    const cut = this.#cutArguments(inner, LEVELS_MAX / 2);
    return this.#isTooMuch(cut) ? this.#cutArguments(cut, LEVELS_WORTH) : cut;
  }

  #shape(expression: Expression): { readonly levels: number; readonly nodes: number } {
    const form = this.#known.get(expression) ?? lowerExpression(expression, this.#lowering);
    this.#known.set(expression, form);
    return this.#shapes.of(form);
  }

  #isTooMuch(expression: Expression): boolean {
    if (expression.kind === 'subquery') return false;
    const { levels, nodes } = this.#shape(expression);
    if (levels > LEVELS_MAX) return true;
    if (nodes <= NODES_MAX) return false;
    const inside = childrenOf(expression).reduce((sum, each) => sum + this.#shape(each).nodes, 0);
    return nodes > 2 * inside;
  }

  #cutArguments(expression: Expression, levels: number): Expression {
    return mapChildren(expression, (each) => {
      if (isLeaf(each) || this.#shape(each).levels < levels) return each;
      const columns = [...columnsOf(each)];
      const isHere = (id: ColumnId): boolean => this.#columns.has(id) || this.#layers.has(id);
      return columns.every(isHere) ? this.#column(each, columns) : each;
    });
  }

  #column(expression: Expression, columns: readonly ColumnId[]): Expression {
    const layer = Math.max(0, ...columns.map((id) => (this.#layers.get(id) ?? -1) + 1));
    const id = this.#newId();
    this.#layers.set(id, layer);
    this.made.push({ id, expression, layer });
    return columnOf(id, expression.type);
  }
}

/** A chain of AND or of OR as a balanced tree. */
function flat(expression: Expression): Expression {
  if (expression.kind !== 'call' || (expression.name !== 'and' && expression.name !== 'or'))
    return expression;
  const { name } = expression;
  return pairwise(flattened(expression, name), (a, b) => ({ ...expression, args: [a, b] }));
}

/** The columns its expressions read, and `more`. */
function read(plan: Plan, more: readonly ColumnId[] = []): ReadonlySet<ColumnId> {
  const ids = new Set(more);
  mapExpressions(plan, (expression) => {
    columnsOf(expression, ids);
    return expression;
  });
  return ids;
}

/** `input` with what was made from it, a projection for each layer, and what is `wanted`. */
function layered(input: Plan, made: readonly Made[], wanted: ReadonlySet<ColumnId>): Plan {
  const top = Math.max(...made.map(({ layer }) => layer));
  const needs: ReadonlySet<ColumnId>[] = [wanted];
  for (let layer = top; layer > 0; layer -= 1) {
    const above = new Set(needs[0]);
    for (const each of made) {
      if (each.layer !== layer) continue;
      above.delete(each.id);
      columnsOf(each.expression, above);
    }
    needs.unshift(above);
  }
  let plan = input;
  for (const [layer, needed] of needs.entries()) {
    const passed = typedColumns(plan).filter(({ id }) => needed.has(id));
    const items = [
      ...passed.map(({ id, type }) => ({ id, expression: columnOf(id, type) })),
      ...made.filter((each) => each.layer === layer),
    ];
    plan = { kind: 'project', input: plan, items };
  }
  return plan;
}

/** The columns of `plan` alone of a wider one. */
function only(plan: Plan, wider: Plan): Plan {
  const items = typedColumns(plan).map(({ id, type }) => ({ id, expression: columnOf(id, type) }));
  return items.length === 0 ? wider : { kind: 'project', input: wider, items };
}
