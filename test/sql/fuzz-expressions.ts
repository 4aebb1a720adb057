/** Random expressions over some columns, well-typed; both engines mean the same by them. */
import type { Chance, ColumnOf, Kind } from './fuzz-tables.ts';

type Maker = (depth: number) => string;

const KINDS: readonly Kind[] = ['int', 'dec', 'dbl', 'text', 'bool', 'date', 'ts', 'tstz'];
const INTERVALS = [
  "interval '1 day'",
  "interval '90 minutes'",
  "interval '1 month'",
  "interval '2 years'",
  "interval '1.5 seconds'",
  "interval '3 weeks'",
];
const UNITS = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'];
const PARTS = [...UNITS, 'dow', 'doy', 'isodow', 'isoyear', 'decade', 'century', 'epoch'];
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC', 'Africa/Nairobi'];

/** Expressions over some columns. */
export class Expressions {
  readonly #chance: Chance;
  readonly #columns: readonly ColumnOf[];
  readonly #makers: Readonly<Record<Kind, readonly Maker[]>>;

  /** `columns` are named as they are to be written: t.c0. */
  constructor(chance: Chance, columns: readonly ColumnOf[]) {
    this.#chance = chance;
    this.#columns = columns;
    this.#makers = {
      int: this.#integers(),
      dec: this.#decimals(),
      dbl: this.#doubles(),
      text: this.#texts(),
      bool: this.#conditions(),
      date: this.#dates(),
      ts: this.#timestamps(),
      tstz: this.#instants(),
    };
  }

  /** Of this kind, of at most `depth` operators deep. */
  of(kind: Kind, depth: number): string {
    if (depth <= 0 || this.#chance.once(5)) return this.#leaf(kind);
    return this.#chance.pick(this.#makers[kind])(depth - 1);
  }

  any(depth: number): string {
    return this.of(this.#chance.pick(KINDS), depth);
  }

  #leaf(kind: Kind): string {
    const own = this.#columns.filter((column) => column.kind === kind);
    if (own.length > 0 && !this.#chance.once(6)) return this.#chance.pick(own).name;
    return this.#literal(kind);
  }

  #literal(kind: Kind): string {
    const { pick } = this.#bound();
    switch (kind) {
      case 'int':
        return pick(['0', '1', '-1', '2', '7', '100', 'null::integer', '3000000000']);
      case 'dec':
        return pick(['0.0', '1.5', '-2.25', '10.01', 'null::decimal(10,2)']);
      case 'dbl':
        return pick([
          '0::double',
          "'-0.0'::double",
          '1.5e0',
          '-2e0',
          "'NaN'::double",
          "'inf'::double",
          "'-inf'::double",
          '1e10',
          'null::double',
        ]);
      case 'text':
        return pick(["''", "'a'", "'red'", "'Ä€'", "'item%'", 'null::varchar']);
      case 'bool':
        return pick(['true', 'false', 'null::boolean']);
      case 'date':
        return pick(["date '2024-02-29'", "date '1999-12-31'", 'null::date']);
      case 'ts':
        return pick(["timestamp '2024-01-31 23:59:59.5'", "timestamp '1999-12-31 12:00:00'"]);
      case 'tstz':
        return pick(["timestamptz '2024-03-31 01:30:00+00'", 'null::timestamptz']);
    }
  }

  #bound(): { pick: <T>(choices: readonly T[]) => T } {
    return { pick: (choices) => this.#chance.pick(choices) };
  }

  /** What every kind has. */
  #common(kind: Kind): Maker[] {
    const of = (depth: number): string => this.of(kind, depth);
    return [
      (d) => `coalesce(${of(d)}, ${of(d)})`,
      (d) => `case when ${this.of('bool', d)} then ${of(d)} else ${of(d)} end`,
      (d) => `case when ${this.of('bool', d)} then ${of(d)} end`,
      (d) => `nullif(${of(d)}, ${of(d)})`,
    ];
  }

  #ordered(kind: Kind): Maker[] {
    const of = (depth: number): string => this.of(kind, depth);
    return [
      ...this.#common(kind),
      (d) => `greatest(${of(d)}, ${of(d)})`,
      (d) => `least(${of(d)}, ${of(d)})`,
    ];
  }

  #integers(): Maker[] {
    const of = (depth: number): string => this.of('int', depth);
    const moment = (d: number): string => this.of(this.#chance.pick(['date', 'ts']), d);
    return [
      ...this.#ordered('int'),
      (d) => `(${of(d)} ${this.#chance.pick(['+', '-', '*'])} ${of(d)})`,
      (d) => `(${of(d)} ${this.#chance.pick(['//', '%'])} ${of(d)})`,
      (d) => `abs(${of(d)})`,
      (d) => `(0 - ${of(d)})`,
      (d) => `length(${this.of('text', d)})`,
      (d) => `strpos(${this.of('text', d)}, ${this.of('text', 0)})`,
      (d) => `sign(${of(d)})::bigint`,
      (d) =>
        `extract(${this.#chance.pick(PARTS.slice(0, -1).filter((part) => part !== 'second'))} from ${this.of('ts', d)})`,
      (d) => `date_diff('${this.#chance.pick(UNITS)}', ${moment(d)}, ${moment(d)})`,
      (d) => `cast(${this.of('dbl', d)} as bigint)`,
      // DuckDB rounds '2.5' to an integer, PostgreSQL and we refuse it.
      (d) => `try_cast(split_part(${this.of('text', d)}, '.', 1) as integer)`,
      (d) => `cast(${this.of('dec', d)} as bigint)`,
      (d) => `(${of(d)} ${this.#chance.pick(['&', '|'])} ${of(d)})`,
      (d) => `cast(${this.of('bool', d)} as integer)`,
    ];
  }

  #decimals(): Maker[] {
    const of = (depth: number): string => this.of('dec', depth);
    return [
      ...this.#ordered('dec'),
      (d) => `(${of(d)} ${this.#chance.pick(['+', '-'])} ${of(d)})`,
      (d) => `(${of(d)} * 2)`,
      (d) => `abs(${of(d)})`,
      // DuckDB's has fewer digits after the point, which other decimals beside it are cut to.
      (d) => `cast(round(${of(d)}, ${this.#chance.pick(['0', '1', '2'])}) as decimal(24,2))`,
      (d) => `cast(${this.of('int', d)} as decimal(24,2))`,
      (d) => `cast(${of(d)} as decimal(20,1))`,
      (d) => `(- ${of(d)})`,
    ];
  }

  #doubles(): Maker[] {
    const of = (depth: number): string => this.of('dbl', depth);
    return [
      ...this.#ordered('dbl'),
      (d) => `(${of(d)} ${this.#chance.pick(['+', '-', '*'])} ${of(d)})`,
      // DuckDB divides REAL by REAL in 32 bits, we (and PostgreSQL beside a constant) in 64.
      (d) => `(cast(${of(d)} as double) / ${of(d)})`,
      (d) => `(${this.of('int', d)} / ${this.of('int', d)})`,
      (d) => `sqrt(abs(${of(d)}))`,
      (d) => `${this.#chance.pick(['floor', 'ceil', 'abs', 'trunc', 'cbrt', 'atan'])}(${of(d)})`,
      (d) => `round(${of(d)})`,
      (d) => `ln(abs(${this.of('int', d)}::double) + 1)`,
      (d) => `cast(${this.of(this.#chance.pick(['int', 'dec']), d)} as double)`,
      (d) => `extract(epoch from ${this.of(this.#chance.pick(['ts', 'tstz']), d)})`,
      (d) => `(- ${of(d)})`,
    ];
  }

  #texts(): Maker[] {
    const of = (depth: number): string => this.of('text', depth);
    const { pick } = this.#bound();
    return [
      ...this.#ordered('text'),
      (d) => `(${of(d)} || ${of(d)})`,
      (d) => `${pick(['upper', 'lower', 'reverse', 'trim', 'ltrim', 'rtrim', 'md5'])}(${of(d)})`,
      (d) => `substr(${of(d)}, ${pick(['1', '2', '0', '5'])}, ${pick(['0', '1', '3'])})`,
      (d) => `${pick(['left', 'right'])}(${of(d)}, ${pick(['0', '2', '-1', '10'])})`,
      (d) => `replace(${of(d)}, ${of(0)}, ${of(0)})`,
      (d) =>
        `${pick(['lpad', 'rpad'])}(${of(d)}, ${pick(['0', '3', '8'])}, ${pick(["'*'", "'ab'"])})`,
      (d) => `repeat(${of(d)}, ${pick(['0', '2'])})`,
      (d) => `split_part(${of(d)}, ${pick(["' '", "'e'", "'m 1'"])}, ${pick(['1', '2', '-1'])})`,
      (d) => `concat_ws(${pick(["'-'", "''"])}, ${of(d)}, ${of(d)}, ${of(0)})`,
      (d) => `concat(${of(d)}, ${this.of('int', d)})`,
      (d) => `cast(${this.of(pick<Kind>(['int', 'bool', 'date', 'dec']), d)} as varchar)`,
      (d) =>
        `strftime(${this.of('ts', d)}, ${pick(["'%Y-%m-%d %H:%M:%S'", "'%d/%b/%y %I %p'", "'%j %a %B'"])})`,
      (d) => `regexp_replace(${of(d)}, '${pick(['e', '[a-c]+', '^.', '\\d'])}', '<\\0>', 'g')`,
      (d) => `regexp_extract(${of(d)}, '([a-z]+) ?(\\d*)', ${pick(['0', '1', '2'])})`,
    ];
  }

  #conditions(): Maker[] {
    const { pick } = this.#bound();
    const compare = ['=', '<>', '<', '<=', '>', '>=', 'is distinct from', 'is not distinct from'];
    const of = (depth: number): string => this.of('bool', depth);
    const two = (d: number): readonly [string, string] => {
      const kind = pick(KINDS);
      return [this.of(kind, d), this.of(kind, d)];
    };
    return [
      (d) => `(${two(d).join(` ${pick(compare)} `)})`,
      (d) => `(${two(d).join(` ${pick(compare)} `)})`,
      (d) => `(${this.of(pick<Kind>(['int', 'dec']), d)} ${pick(compare)} ${this.of('dbl', d)})`,
      (d) => `(${this.of('int', d)} ${pick(compare)} ${this.of('dec', d)})`,
      (d) => `(${this.of('date', d)} ${pick(compare)} ${this.of('ts', d)})`,
      (d) => `(${of(d)} ${pick(['and', 'or'])} ${of(d)})`,
      (d) => `(not ${of(d)})`,
      (d) => `(${this.any(d)} is ${pick(['null', 'not null'])})`,
      (d) => `(${of(d)} is ${pick(['true', 'not true', 'false', 'not false'])})`,
      (d) => {
        const kind = pick<Kind>(['int', 'text', 'dec', 'date', 'dbl']);
        return `(${this.of(kind, d)} ${pick(['in', 'not in'])} (${this.of(kind, 0)}, ${this.of(kind, 0)}))`;
      },
      (d) => {
        const kind = pick<Kind>(['int', 'text', 'dec', 'dbl', 'ts']);
        return `(${this.of(kind, d)} ${pick(['between', 'not between'])} ${this.of(kind, 0)} and ${this.of(kind, 0)})`;
      },
      (d) =>
        `(${this.of('text', d)} ${pick(['like', 'not like', 'ilike'])} ${pick(["'%e%'", "'_'", "'item _%'", "'%'", "''", "'A%'"])})`,
      (d) =>
        `${pick(['starts_with', 'contains', 'ends_with'])}(${this.of('text', d)}, ${this.of('text', 0)})`,
      (d) => `regexp_matches(${this.of('text', d)}, '${pick(['^i', '\\d', '[A-Z]', '^$'])}')`,
    ];
  }

  #dates(): Maker[] {
    const of = (depth: number): string => this.of('date', depth);
    return [
      ...this.#ordered('date'),
      (d) => `(${of(d)} ${this.#chance.pick(['+', '-'])} ${this.#chance.pick(['1', '31', '365'])})`,
      (d) => `cast(${this.of('ts', d)} as date)`,
      (d) => `last_day(${of(d)})`,
      (d) => `date_trunc('${this.#chance.pick(UNITS.slice(0, 5))}', ${of(d)})::date`,
    ];
  }

  #timestamps(): Maker[] {
    const of = (depth: number): string => this.of('ts', depth);
    const { pick } = this.#bound();
    return [
      ...this.#ordered('ts'),
      (d) => `(${this.of(pick<Kind>(['ts', 'date']), d)} ${pick(['+', '-'])} ${pick(INTERVALS)})`,
      (d) => `date_trunc('${pick(UNITS)}', ${of(d)})`,
      (d) => `cast(${this.of('date', d)} as timestamp)`,
      (d) => `(${this.of('tstz', d)} at time zone '${pick(ZONES)}')`,
      (d) =>
        `time_bucket(${pick(["interval '15 minutes'", "interval '1 week'", "interval '2 months'"])}, ${of(d)})`,
    ];
  }

  #instants(): Maker[] {
    const { pick } = this.#bound();
    return [
      ...this.#ordered('tstz'),
      (d) => `(${this.of('tstz', d)} ${pick(['+', '-'])} ${pick(INTERVALS)})`,
      (d) => `(${this.of('ts', d)} at time zone '${pick(ZONES)}')`,
      (d) => `date_trunc('${pick(UNITS)}', ${this.of('tstz', d)})`,
    ];
  }

  aggregate(depth: number): string {
    const { pick } = this.#bound();
    const kind = pick(KINDS);
    const one = this.of(kind, depth);
    const number = this.of(pick<Kind>(['int', 'dbl', 'dec']), depth);
    // DuckDB's is a REAL for REAL, ours a double.
    const small = `cast(${this.of('dbl', 0)} as double)`;
    const filter = this.#chance.once(4) ? ` filter (where ${this.of('bool', 1)})` : '';
    return (
      pick([
        'count(*)',
        `count(${one})`,
        `count(distinct ${one})`,
        `min(${one})`,
        `max(${one})`,
        `sum(${number})`,
        `sum(${this.of('int', depth)})`,
        `avg(${number})`,
        `avg(${this.of('int', 0)})`,
        `sum(distinct ${this.of('int', 0)})`,
        `bool_and(${this.of('bool', depth)})`,
        `bool_or(${this.of('bool', depth)})`,
        `median(${small})`,
        // Between large ones that nearly cancel each other out the two round otherwise.
        `quantile_cont(case when abs(${small}) < 1e12 or isinf(${small}) then ${small} end, 0.3)`,
        `stddev_samp(${this.of('int', 0)} % 1000)`,
        `var_pop(${this.of('int', 0)} % 1000)`,
        `string_agg(${this.of('text', depth)}, ',' order by id)`,
        `count(case when ${this.of('bool', depth)} then 1 end)`,
      ]) + filter
    );
  }
}
