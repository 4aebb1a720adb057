/** Time zones: AT TIME ZONE, and timestamptz seen as the clock on a wall. */
import * as d from '../../compute/dsl.ts';
import * as t from '../types.ts';
import { arg, type FunctionTable, literalOf } from './function.ts';

/** Long enough to be on the other side of any change of the clocks. */
const BEFORE_CHANGE = 3 * 3_600_000_000;

/**
 * A time that comes twice is the later one; one that is skipped is read by the offset before the
 * change, as PostgreSQL does.
 */
export function localized(node: d.Dsl, zone: string): d.Dsl {
  const read = (local: d.Dsl): d.Dsl =>
    d.timeCall({ ReplaceTimeZone: [{ inner: zone }, 'Null'] }, local, d.text('latest'));
  const by = (sign: string, moment: d.Dsl): d.Dsl =>
    d.timeCall('OffsetBy', moment, d.text(`${sign}${BEFORE_CHANGE}us`));
  const utc = (moment: d.Dsl): d.Dsl => d.timeCall({ ConvertTimeZone: { inner: 'UTC' } }, moment);
  return d.coalesce(utc(read(node)), by('', utc(read(by('-', node)))));
}

export const ZONES: FunctionTable = {
  /** timezone('Area/City', x): a naive time becomes an instant, an instant the time there. */
  timezone: {
    usage: "timestamp AT TIME ZONE 'Area/City'",
    resolve: ([, b], args) => {
      const zone = literalOf(args[0]);
      if (typeof zone !== 'string') return 'the time zone must be a constant';
      const stamp = b?.kind === 'date' || b?.kind === 'null' ? t.TIMESTAMP : b;
      if (stamp?.kind !== 'timestamp') return undefined;
      const type = stamp.zone === undefined ? t.timestampIn('UTC') : t.TIMESTAMP;
      return { args: [t.TEXT, stamp], type };
    },
    lower: (args, call) => {
      const zone = String(literalOf(call.args[0]));
      const from = call.args[1]?.type;
      const node = d.cast(
        arg(args, 1),
        t.dtypeOf({
          kind: 'timestamp',
          unit: 'us',
          zone: from?.kind === 'timestamp' ? from.zone : undefined,
        }),
      );
      if (call.type.kind === 'timestamp' && call.type.zone !== undefined) {
        return localized(node, zone);
      }
      const there = d.timeCall({ ConvertTimeZone: { inner: zone } }, node);
      return d.timeCall({ ReplaceTimeZone: [null, 'Raise'] }, there, d.text('raise'));
    },
  },
};
