/** Does a little of everything once, so that the first request pays for nothing but itself. */

import { FrameRelation } from '../compute/frame-relation.ts';
import { polars } from '../compute/polars.ts';
import { columnsOf } from '../compute/types.ts';
import { plotRelation } from '../engine/plot/plot.ts';
import { query } from '../engine/query.ts';
import { Reporter } from '../engine/run/report.ts';
import { Session } from '../engine/session.ts';
import { stats } from '../engine/stats/stats.ts';
import { DEFAULT_REQUEST } from '../render/request.ts';
import { GiB } from '../units.ts';
import { hostOf } from './load.ts';

const ROWS = 2_000;

export async function warmUp(): Promise<void> {
  const pl = polars();
  const x = Array.from({ length: ROWS }, (_, i) => i);
  const frame = pl.DataFrame({
    x,
    y: x.map((i) => Math.sin(i / 10)),
    s: x.map((i) => `s${i % 7}`),
  });
  const relation = new FrameRelation('warm', frame, columnsOf(frame));
  using session = new Session({ host: hostOf(GiB), read: {} }, new Reporter());
  const { reporter } = session;
  const sql = 'select s, avg(y) as m from (values (1, 2.0)) v(s, y) group by s order by m';
  const request = { ...DEFAULT_REQUEST, x: 'x', y: ['y'] };
  await attempt(() => query(session, { sql, sources: [] }));
  await attempt(() => stats(relation, { columns: undefined, quantiles: [0.5] }, reporter));
  await attempt(() => plotRelation(relation, request, 'png', reporter));
}

/** What this host cannot do, such as drawing without fonts, is for who asks for it to hear. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    // It is not warm.
  }
}
