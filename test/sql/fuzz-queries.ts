/** Random queries over random tables, well-typed by construction. */
import { Expressions } from './fuzz-expressions.ts';
import type { Chance, ColumnOf, Kind, TableOf } from './fuzz-tables.ts';

/** An aggregate over a frame of any kind. */
function framed(chance: Chance, of: Expressions, by: string): string {
  const last = chance.pick(['current row', '1 preceding', '2 following', 'unbounded following']);
  const first = chance.pick(['unbounded preceding', '90 preceding', '3 preceding']);
  const frame = `${chance.pick(['rows', 'range', 'groups'])} between ${first} and ${last}`;
  const whole = chance.pick(['count', 'min', 'max', 'sum', 'avg', 'first_value', 'last_value']);
  const exact = `${whole}(${of.of(chance.pick<Kind>(['int', 'dec']), 0)})`;
  const end = `${chance.pick(['min', 'max'])}(${of.of('dbl', 0)})`;
  return `${chance.pick([exact, end])} over (${by} ${frame})`;
}

/** One query over two tables that both have a column id. */
export function fuzzQuery(chance: Chance, [first, second]: readonly [TableOf, TableOf]): string {
  const named = (alias: string, { columns }: TableOf): ColumnOf[] =>
    columns.map(({ name, kind }) => ({ name: `${alias}.${name}`, kind }));
  const one = new Expressions(chance, named('a', first));
  const inner = new Expressions(chance, named('b', second));
  const both = new Expressions(chance, [...named('a', first), ...named('b', second)]);
  const where = (from: Expressions): string =>
    chance.once(2) ? ` where ${from.of('bool', 2)}` : '';
  const key = (from: Expressions, depth: number): string =>
    from.of(chance.pick<Kind>(['int', 'text', 'bool', 'date', 'dec', 'ts']), depth);
  const equal = (): string => {
    const kind = chance.pick<Kind>(['int', 'text', 'date', 'dec', 'dbl']);
    return `${one.of(kind, 1)} = ${inner.of(kind, 1)}`;
  };
  const list = (from: Expressions, count: number): string =>
    Array.from({ length: count }, (_, at) => `${from.any(3)} as e${at}`).join(', ');
  const join = chance.pick(['join', 'left join', 'full join', 'right join', 'join']);
  const on = chance.once(3) ? `${equal()} and ${both.of('bool', 1)}` : equal();
  const grouped = (from: Expressions, source: string): string => {
    const plain = from === one;
    const agg = (): string =>
      (plain ? one : from).aggregate(1).replaceAll('order by id', 'order by a.id');
    const having = chance.once(4) ? ' having count(*) > 1' : '';
    return `select ${key(from, 2)} as k, ${agg()} as x, ${agg()} as y from ${source}${where(from)} group by 1${having}`;
  };
  const t = `${first.name} a`;
  const u = `${second.name} b`;
  const over = `partition by ${key(one, 1)} order by ${key(one, 1)}, a.id`;
  const byId = `partition by ${key(one, 1)} order by a.id`;
  return chance.pick<() => string>([
    () => `select a.id, ${list(one, 3)} from ${t}${where(one)}`,
    () => `select a.id, ${list(one, 2)} from ${t}${where(one)}`,
    () => grouped(one, t),
    () => grouped(one, t),
    () =>
      `select ${one.aggregate(2)} as x, ${one.aggregate(2)} as y from ${t}${where(one)}`.replaceAll(
        'order by id',
        'order by a.id',
      ),
    () =>
      `select a.id as i, b.id as j, ${list(both, 1)} from ${t} ${join} ${u} on ${on}${where(both)}`,
    () =>
      `select count(*), count(a.id), count(b.id), sum(b.id) from ${t} ${join} ${u} on ${on}${where(both)}`,
    () => `select distinct ${key(one, 2)} as k, ${key(one, 1)} as l from ${t}${where(one)}`,
    () =>
      `select a.id, ${chance.pick(['row_number()', 'rank()', 'dense_rank()', `lag(${one.any(1)})`, `lead(${one.any(1)}, 2)`, `first_value(${one.any(1)})`, one.aggregate(1).replace(/^(string_agg|count\(distinct|median|quantile_cont|sum\(distinct).*/, 'count(*)')])} over (${over}) as w from ${t}${where(one)}`,
    () =>
      `select a.id, ${framed(chance, one, byId)} as v, ${framed(chance, one, byId)} as w from ${t}${where(one)}`,
    () => {
      const kind = chance.pick<Kind>(['int', 'text', 'date', 'bool']);
      const op = chance.pick(['union', 'union all', 'except', 'intersect']);
      return `select ${one.of(kind, 2)} as v from ${t}${where(one)} ${op} select ${inner.of(kind, 2)} from ${u}${where(inner)}`;
    },
    () => {
      const kind = chance.pick<Kind>(['int', 'text', 'date', 'dec']);
      return `select a.id from ${t} where ${one.of(kind, 1)} ${chance.pick(['in', 'not in'])} (select ${inner.of(kind, 1)} from ${u}${where(inner)})`;
    },
    () =>
      `select a.id from ${t} where ${chance.pick(['exists', 'not exists'])} (select 1 from ${u} where ${equal()}${chance.once(2) ? ` and ${both.of('bool', 1)}` : ''})`,
    () =>
      `select a.id, (select ${chance.pick(['max(b.id)', 'count(*)', 'sum(b.id)', inner.aggregate(0).replaceAll('order by id', 'order by b.id')])} from ${u} where ${equal()}) as s from ${t}`,
    () => {
      const order = Array.from(
        { length: 2 },
        () => `${key(one, 1)} ${chance.pick(['', 'desc', 'nulls first', 'desc nulls last'])}`,
      );
      return `select a.id from ${t}${where(one)} order by ${order.join(', ')}, a.id limit ${1 + chance.below(20)} offset ${chance.below(3)}`;
    },
  ])();
}
