/** Candlesticks: from four price columns, or from one price and a step of time. */
import { NairobiError } from '../../errors.ts';
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { aggregate, type Key, type Moments } from '../data/aggregate.ts';
import { niceStep } from '../data/bins.ts';
import { stepEnd, stepStart } from '../data/every.ts';
import { type Field, fieldOf, numberOf, requireNumbers } from '../fields.ts';
import { position, timeTitle } from '../spec/encode.ts';
import { columnNames, seriesOf } from './series.ts';

/** Pixels a candle needs to be told from the next. */
const CANDLE_PX = 5;

interface Prices {
  readonly open: Field;
  readonly high: Field;
  readonly low: Field;
  readonly close: Field;
}

export async function candlestickPanel(scene: Scene): Promise<Panel> {
  const x = scene.x as Field;
  requireNumbers(x, 'the time axis of candles');
  const prices = await pricesOf(scene);
  const step = scene.request.every ?? stepFor(scene, x);
  const rows = await candleRows(scene, x, prices, step);
  scene.note(
    `${formatCountOf(scene.profile.rows, 'row')} → ${formatCountOf(rows.length, 'candle')} of ${step}`,
  );
  return { rows, layers: candleLayers(scene, x, prices) };
}

/** Columns named open, high, low and close; else the one -y column plays all four parts. */
async function pricesOf(scene: Scene): Promise<Prices> {
  const find = (part: string) =>
    scene.relation.columns.find((column) => column.name.toLowerCase() === part)?.name;
  const names = ['open', 'high', 'low', 'close'].map(find);
  if (names.every((name) => name !== undefined)) {
    const [open, high, low, close] = await Promise.all(
      names.map((name) => fieldOf(scene.relation, name ?? '')),
    );
    if (open !== undefined && high !== undefined && low !== undefined && close !== undefined) {
      return { open, high, low, close };
    }
  }
  const [price] = scene.ys;
  if (price === undefined) {
    throw new NairobiError(
      'USAGE',
      'Candles need columns named open, high, low and close, or one price',
      {
        hint: 'name the price with -y COLUMN and a step with --every 1d',
      },
    );
  }
  requireNumbers(price, 'a candle');
  return { open: price, high: price, low: price, close: price };
}

/** A day, or the first step that leaves each candle its pixels. */
function stepFor(scene: Scene, x: Field): string {
  const extent = scene.profile.extents.get(x.name);
  const span = (extent?.max ?? 0) - (extent?.min ?? 0);
  const room = Math.floor(scene.request.width / CANDLE_PX);
  if (span / 86_400_000 <= room && scene.profile.rows <= span / 86_400_000 + 1) return '1d';
  return niceStep(span, room);
}

async function candleRows(scene: Scene, x: Field, prices: Prices, step: string): Promise<Row[]> {
  const { relation, request } = scene;
  const series = await seriesOf({ ...scene, color: undefined });
  const keys: Key[] = [
    { name: 'x', expr: stepStart(x, step, request.zone) },
    { name: 'facet', expr: series.facet.code },
  ];
  const part = async (field: Field): Promise<Map<string, Moments>> => {
    const columns = columnNames(x, field, scene.facet);
    const groups = await aggregate(relation, columns, keys, numberOf(field, request.zone), false);
    return new Map(groups.map(({ key, moments }) => [JSON.stringify(key), moments]));
  };
  const [open, high, low, close] = [
    await part(prices.open),
    await part(prices.high),
    await part(prices.low),
    await part(prices.close),
  ];
  const rows: Row[] = [];
  for (const [id, first] of open) {
    const [start, facet] = JSON.parse(id) as [number | null, number];
    if (start === null || first.n === 0) continue;
    const end = stepEnd(start, x, step);
    const [from, to] = [first.first, close.get(id)?.last ?? first.last];
    rows.push({
      x: (start + end) / 2,
      left: start + (end - start) * 0.15,
      right: end - (end - start) * 0.15,
      open: from,
      close: to,
      y: high.get(id)?.max ?? null,
      low: low.get(id)?.min ?? null,
      change: to >= from ? 'up' : 'down',
      facet: series.facet.labels[facet] ?? '',
    });
  }
  return rows.sort((a, b) => Number(a['x']) - Number(b['x']));
}

function candleLayers(scene: Scene, x: Field, prices: Prices): Spec[] {
  const title = prices.open === prices.close ? prices.open.name : 'price';
  const base = {
    x: position(scene, 'x', 'x', {
      title: timeTitle(x.name, x.measure, scene.request.zone),
      measure: x.measure,
    }),
    y: position(scene, 'y', 'y', { title, measure: 'quantitative' }),
    // Blue and orange differ for every kind of colour vision; green and red do not.
    color: {
      field: 'change',
      type: 'nominal',
      title: null,
      scale: { domain: ['up', 'down'], range: ['#2b83ba', '#d9722e'] },
    },
  };
  const y = base.y as Spec;
  return [
    { mark: { type: 'rule', strokeWidth: 1 }, encoding: { ...base, y2: { field: 'low' } } },
    {
      mark: { type: 'rect', strokeWidth: 1, minHeight: 1 },
      encoding: {
        ...base,
        x: { ...(base.x as Spec), field: 'left' },
        x2: { field: 'right' },
        y: { ...y, field: 'open' },
        y2: { field: 'close' },
      },
    },
  ];
}
