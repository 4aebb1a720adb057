/** The one door to Vega and Vega-Lite: 100 ms to load, so never before a chart is certain. */
import type * as Vega from 'vega';
import type * as VegaLite from 'vega-lite';
import { textWidth } from './font-metrics.ts';

export interface VegaModules {
  readonly vega: typeof Vega;
  readonly vegaLite: typeof VegaLite;
}

let loading: Promise<VegaModules> | undefined;

/** Both modules, loaded once; text is measured with the bundled font, canvas or not. */
export function vegaModules(): Promise<VegaModules> {
  loading ??= load();
  return loading;
}

async function load(): Promise<VegaModules> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  textMetrics.width = (item, text) => measure(item, text);
  return { vega, vegaLite };
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
  readonly limit?: number;
}

interface TextMetrics {
  width: (item: TextItem, text: unknown) => number;
}

let custom: ((text: string, sizePx: number, bold: boolean) => number) | undefined;

let turn: Promise<unknown> = Promise.resolve();

/**
 * Does `work`, which lays text out, with this text measure in place of ours, as the terminal needs
 * for its cells. Vega has one measure for all charts: what else wants to draw waits for its turn.
 */
export function measuringTextWith<T>(measurer: typeof custom, work: () => Promise<T>): Promise<T> {
  const drawn = turn.then(async () => {
    custom = measurer;
    try {
      return await work();
    } finally {
      custom = undefined;
    }
  });
  turn = drawn.catch(() => undefined);
  return drawn;
}

/** Width of a text in pixels in what is being drawn: a picture, or the cells of a terminal. */
export const widthOf = (text: string, sizePx: number, bold: boolean): number =>
  (custom ?? textWidth)(text, sizePx, bold);

function measure(item: TextItem, text: unknown): number {
  if (text === null || text === undefined) return 0;
  const size = item.fontSize ?? 11;
  const bold = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600;
  const width = widthOf(String(text), size, bold);
  // Vega cuts the text at its limit when it draws it; room is left for what is drawn.
  return item.limit !== undefined && item.limit > 0 ? Math.min(width, item.limit) : width;
}
