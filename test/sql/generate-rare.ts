/** Random queries of what few queries use: frames, correlation, lists, pivots, calendars. */
import fc from 'fast-check';

type Text = fc.Arbitrary<string>;

const pick = (...texts: readonly string[]): Text => fc.constantFrom(...texts);
const join = (parts: readonly (Text | string)[], by = ' '): Text =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.join(by));

const WINDOWED = pick(
  'sum(n)',
  'count(*)',
  'count(x)',
  'avg(price)',
  'min(x)',
  'max(n)',
  'first_value(n)',
  'last_value(id)',
  'nth_value(n, 2)',
  'first_value(n ignore nulls)',
  'last_value(x ignore nulls)',
  'median(x)',
  'stddev_samp(n)',
  'bool_or(flag)',
  'count(distinct color)',
  'sum(n) filter (where flag)',
);
const partition = pick('', 'partition by color', 'partition by flag, n % 2');
const BOUND = (one: string, two: string): Text =>
  pick(
    `between ${one} preceding and ${two} following`,
    `between ${two} preceding and ${one} preceding`,
    `between ${one} following and ${two} following`,
    `between unbounded preceding and ${one} preceding`,
    `between ${one} following and unbounded following`,
    `between current row and ${two} following`,
    `${two} preceding`,
    'between unbounded preceding and current row',
    'between current row and unbounded following',
    'between unbounded preceding and unbounded following',
  );
const exclude = pick('', '', '', 'exclude current row', 'exclude group', 'exclude ties');
const frame = fc.oneof(
  // id breaks every tie, so that rows have one order in both engines.
  join([pick('order by n, id', 'order by x desc, id', 'order by id'), 'rows', BOUND('1', '3')]),
  join([pick('order by id', 'order by id desc'), 'groups', BOUND('1', '2')]),
  join([pick('order by id', 'order by id desc'), 'range', BOUND('2', '7')]),
  join(['order by price', 'range', BOUND('10.5', '99')]),
  join(['order by coalesce(x, -50) + id / 1000.0', 'range', BOUND('1.25', '8')]),
  join(['order by ts', 'range', BOUND('interval 2 hours', 'interval 1 day')]),
);
const windows = join([
  'select id,',
  WINDOWED,
  'over (',
  partition,
  frame,
  exclude,
  ') as w from t',
]);

/** Rows that tie share a value only where the aggregate does not depend on their order. */
const tied = join([
  'select id,',
  pick('sum(n)', 'count(*)', 'min(x)', 'max(price)', 'count(distinct color)'),
  'over (',
  partition,
  pick('order by n', 'order by color', 'order by n % 5 desc', 'order by day'),
  pick('groups', 'range'),
  pick(
    'between 1 preceding and 1 following',
    'between unbounded preceding and current row',
    'between current row and 2 following',
  ),
  exclude,
  ') as w from t',
]).filter((sql) => !/order by (color|day) range between (1 pre|current row and 2)/.test(sql));

const near = join([
  'select id,',
  pick('sum(n)', 'count(*)', 'min(x)', 'max(price)'),
  'over (',
  partition,
  pick(
    'order by n',
    'order by x',
    'order by x desc',
    'order by n desc nulls first',
    'order by price',
  ),
  'range',
  BOUND('3', '11'),
  exclude,
  ') as w from t',
]);

const shifts = join([
  'select id,',
  pick('lag', 'lead'),
  '(',
  pick('n', 'color', 'x'),
  pick('', ', 2', ', 3'),
  'ignore nulls) over (',
  partition,
  'order by id) as w from t',
]);

const inner = pick(
  'u.n = t.n',
  'u.id < t.id',
  'u.y > t.x',
  'u.color = t.color and u.id <> t.id',
  'true',
);
const scalar = join([
  'select id, (select',
  pick('max(u.y)', 'count(*)', 'sum(u.id + t.id)', 'min(u.n)', 'avg(u.y - t.x)'),
  'from u where',
  inner,
  ') as v from t where id < 80',
]);
const quantified = join([
  'select id,',
  pick('n', 'id', 'x'),
  pick('>', '<', '>=', '<=', '=', '<>'),
  pick('any', 'all'),
  '(select',
  pick('n', 'y', 'id'),
  'from u where',
  pick('true', 'n is not null', 'id < 5', 'id < 0', 'u.n = t.n', 'u.id < t.id'),
  ') as v from t where id < 80',
]);
const member = join([
  'select id, n',
  pick('in', 'not in'),
  '(select n from u where',
  inner,
  ') as v from t where id < 80',
]);
const lateral = join([
  'select t.id, s.* from t',
  pick('cross join lateral', 'left join lateral'),
  '(select',
  pick('u.id as a, u.y as b', 'u.id + t.id as a, u.y - t.x as b', 'max(u.id) as a, sum(u.y) as b'),
  'from u where',
  inner,
  pick('', 'order by 2 desc, 1 limit 2', 'order by 1 limit 1 offset 1'),
  ') s on true where t.id < 60',
]).map((sql) => (sql.includes('cross join') ? sql.replace(' on true', '') : sql));

const list = pick(
  'l',
  'list_sort(l)',
  'l[2:]',
  'l[:3]',
  'list_filter(l, e -> e > 20)',
  '[]::bigint[]',
);
const ofList = join([
  'select color,',
  pick('len(', 'list_sum(', 'list_max(', 'list_avg(', 'list_unique(', 'list_count('),
  list,
  '), list_contains(',
  list,
  ', 37), list_position(l, 11), list_sort(list_distinct(list_transform(',
  list,
  ', e -> e % 7))) from (select color, list(n order by id) as l from t group by color) s',
]);
const unnested = join([
  'select id, unnest(',
  pick('[n, id]', 'string_split(note, $$ $$)', 'range(id % 4)', '[x] || [price::double]'),
  ') as v from t where id < 60',
]);
const pivoted = join([
  'from (select color, flag, n, x from t) pivot (',
  pick('sum(n)', 'count(*)', 'max(x)', 'avg(n)'),
  'for color in ($$red$$, $$blue$$) group by flag)',
]);
const calendars = join([
  'select',
  pick('day', 'ts', "timestamp '2024-01-31 23:59:59'", "date '2023-12-31'"),
  pick('+', '-'),
  pick(
    'interval (id) month',
    'to_months(id)',
    'interval (id % 5) year',
    "interval '1 month 3 days'",
  ),
  "as a, date_diff('month', day, ts) as b, date_sub(",
  pick("'month'", "'day'", "'year'", "'week'"),
  ', day, ts) as c, time_bucket(',
  pick('interval 3 months', 'interval 5 days', 'interval 90 minutes'),
  ', ts) as d, age(ts, day)::varchar as e from t',
]);
const distinct = join([
  'select',
  pick('color', 'flag', 'n % 4'),
  'as k, count(distinct',
  pick('n', 'color', 'x', 'day'),
  ') as a, sum(distinct',
  pick('n', 'id % 7', 'price'),
  ') as b from t group by 1',
]);

export const rareQuery: Text = fc.oneof(
  { weight: 6, arbitrary: windows },
  { weight: 2, arbitrary: tied },
  { weight: 2, arbitrary: near },
  shifts,
  { weight: 2, arbitrary: scalar },
  { weight: 2, arbitrary: quantified },
  member,
  { weight: 2, arbitrary: lateral },
  ofList,
  unnested,
  pivoted,
  calendars,
  distinct,
);
