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

/** Replaces the text measure, as the terminal does with its cells; undefined brings ours back. */
export function measureTextWith(measurer: typeof custom): void {
  custom = measurer;
}

function measure(item: TextItem, text: unknown): number {
  if (text === null || text === undefined) return 0;
  const size = item.fontSize ?? 11;
  const bold = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600;
  return (custom ?? textWidth)(String(text), size, bold);
}
