/** Calendar heatmaps: one square a day, weeks across, weekdays down, one band for each year. */
import { NairobiError } from '../../errors.ts';
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { aggregate, pick } from '../data/aggregate.ts';
import { stepStart } from '../data/every.ts';
import { type Field, numberOf, requireNumbers } from '../fields.ts';
import { countColors } from '../shade/colors.ts';
import { axisTitle } from '../spec/encode.ts';
import { configOf, isDark } from '../spec/theme.ts';
import { columnNames } from './series.ts';

const DAY_MS = 86_400_000;
/** More bands are too flat to read in a picture of the default height. */
const MAX_YEARS = 8;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export async function calendarPanel(scene: Scene): Promise<Panel> {
  const x = scene.x as Field;
  if (x.measure !== 'temporal') {
    throw new NairobiError('BAD_DATA', `Column "${x.name}" holds no dates; a calendar needs them`, {
      hint: 'name a date or time column with -x',
    });
  }
  if (scene.facet !== undefined) {
    throw new NairobiError('USAGE', 'A calendar has a band for each year already', {
      hint: 'leave out --facet',
    });
  }
  const [value] = scene.ys;
  if (value !== undefined) requireNumbers(value, 'a calendar');
  const agg = scene.request.agg ?? (value === undefined ? 'count' : 'mean');
  const days = await aggregate(
    scene.relation,
    columnNames(x, value),
    [{ name: 'day', expr: stepStart(x, '1d', scene.request.zone) }],
    value === undefined ? undefined : numberOf(value, scene.request.zone),
    agg === 'median',
  );
  const rows = days
    .filter(({ key }) => typeof key[0] === 'number')
    .map(({ key, moments }): Row => ({ ...placeOf(Number(key[0])), y: pick(moments, agg) }))
    .sort((a, b) => Number(a['day']) - Number(b['day']));
  const years = new Set(rows.map((row) => row['facet']));
  if (years.size > MAX_YEARS) {
    throw new NairobiError(
      'BAD_DATA',
      `The dates span ${years.size} years; a calendar shows ${MAX_YEARS}`,
      {
        hint: 'choose some with --where, or draw --mark line --every 1mo',
      },
    );
  }
  scene.note(
    `${formatCountOf(scene.profile.rows, 'row')} → ${formatCountOf(rows.length, 'day')} (${agg})`,
  );
  const title = value === undefined ? 'rows' : axisTitle([value.name], agg);
  return { rows, columns: 1, layers: [await calendarLayer(scene, title)] };
}

/** Year, week of the year (weeks begin on Monday) and weekday of a day at UTC midnight. */
function placeOf(ms: number) {
  const year = new Date(ms).getUTCFullYear();
  const first = Date.UTC(year, 0, 1);
  const dayOfYear = Math.round((ms - first) / DAY_MS);
  const offset = (new Date(first).getUTCDay() + 6) % 7;
  return {
    day: ms,
    facet: String(year),
    week: Math.floor((dayOfYear + offset) / 7),
    weekday: WEEKDAYS[(offset + dayOfYear) % 7] ?? '',
  };
}

async function calendarLayer(scene: Scene, title: string): Promise<Spec> {
  const config = await configOf(scene.request.theme, scene.request.palette);
  const ramp = countColors(config, isDark(config));
  const range = Array.from(
    { length: 12 },
    (_, i) => ramp[Math.round((i / 11) * (ramp.length - 1))],
  );
  // The week each month's 15th falls in, whatever the year.
  const middle = MONTHS.map((_, month) => Math.floor((month * 30.44 + 15) / 7));
  return {
    mark: { type: 'rect', stroke: config['background'], strokeWidth: 1 },
    encoding: {
      x: {
        field: 'week',
        type: 'ordinal',
        title: null,
        scale: { domain: Array.from({ length: 54 }, (_, week) => week) },
        axis: {
          values: middle,
          labelExpr: `${JSON.stringify(MONTHS)}[indexof(${JSON.stringify(middle)}, datum.value)]`,
          labelAngle: 0,
          ticks: false,
          domain: false,
          grid: false,
        },
      },
      y: {
        field: 'weekday',
        type: 'ordinal',
        title: null,
        sort: WEEKDAYS,
        scale: { domain: WEEKDAYS },
        axis: { ticks: false, domain: false, grid: false, labelOverlap: 'parity' },
      },
      color: { field: 'y', type: 'quantitative', title, scale: { range, zero: false } },
    },
  };
}
