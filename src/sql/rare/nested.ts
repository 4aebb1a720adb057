/** Lists, structs, maps and intervals: their text, and casts between them. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { cannotCast, lowerCast } from '../lower/cast.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { calendarText, durationText, toCalendar } from './calendar.ts';

const NULL_TEXT = d.text('NULL');
const concat = (...nodes: readonly Dsl[]): Dsl =>
  d.stringCall({ ConcatHorizontal: { delimiter: '', ignore_nulls: false } }, ...nodes);

/** An element inside brackets: NULL is written out there. */
const inner = (node: Dsl, type: SqlType): Dsl =>
  type.kind === 'null' ? NULL_TEXT : d.coalesce(lowerCast(node, type, t.TEXT, false), NULL_TEXT);

const joined = (list: Dsl, element: Dsl): Dsl =>
  d.listCall({ Join: true }, d.eachElement(list, element), d.text(', '));

/** [1, 2], {'a': 1}, {key=1}, 2 days 03:04:05: as DuckDB writes them. */
export function toText(node: Dsl, type: SqlType): Dsl {
  switch (type.kind) {
    case 'list':
      return concat(d.text('['), joined(node, inner(d.element, type.of)), d.text(']'));
    case 'map': {
      const [key, value] = [d.field(d.element, 'key'), d.field(d.element, 'value')];
      const entry = concat(inner(key, type.key), d.text('='), inner(value, type.value));
      return concat(d.text('{'), joined(node, entry), d.text('}'));
    }
    case 'struct': {
      const fields = type.fields.flatMap((each, index) => [
        d.text(`${index === 0 ? '' : ', '}'${each.name}': `),
        inner(d.field(node, each.name), each.type),
      ]);
      const text = concat(d.text('{'), ...fields, d.text('}'));
      return d.ternary(d.isNotNull(node), text, d.nullOf('String'));
    }
    case 'calendar':
      return calendarText(node);
    case 'interval':
      return durationText(node);
    default:
      return lowerCast(node, type, t.TEXT, false);
  }
}

/** "[1, 2, 3]" as a list of what its parts convert to. */
function listFromText(node: Dsl, to: Extract<SqlType, { kind: 'list' }>, lenient: boolean): Dsl {
  const bare = d.stringCall('StripChars', node, d.text('[] '));
  const parts = d.stringCall({ Split: false }, bare, d.text(','));
  const some = d.eachElement(parts, d.filter(trimmed, d.binary('NotEq', trimmed, d.text(''))));
  const known = d.ternary(
    d.binary('Eq', d.element, NULL_TEXT),
    d.nullOf('String'),
    d.stringCall('StripChars', d.element, d.text('\'"')),
  );
  return d.eachElement(d.eachElement(some, known), lowerCast(d.element, t.TEXT, to.of, lenient));
}
const trimmed = d.stringCall('StripChars', d.element, d.text(' '));

export function castNested(node: Dsl, from: SqlType, to: SqlType, lenient: boolean): Dsl {
  if (to.kind === 'list' && from.kind === 'list') {
    const element = t.sameType(from.of, to.of)
      ? d.element
      : lowerCast(d.element, from.of, to.of, lenient);
    return d.cast(d.eachElement(node, element), t.dtypeOf(to));
  }
  if (to.kind === 'list' && from.kind === 'text') return listFromText(node, to, lenient);
  if (to.kind === 'calendar' && from.kind === 'interval') return toCalendar(node);
  if (to.kind === 'interval' && from.kind === 'interval') return d.cast(node, t.dtypeOf(to));
  if (to.kind === 'struct' && from.kind === 'struct' && from.fields.length === to.fields.length) {
    const fields = to.fields.map((each, index) => {
      const source = from.fields[index] ?? each;
      return [
        each.name,
        lowerCast(d.field(node, source.name), source.type, each.type, lenient),
      ] as const;
    });
    return d.ternary(d.isNotNull(node), d.struct(fields), d.nullOf(t.dtypeOf(to)));
  }
  throw cannotCast(from, to);
}
