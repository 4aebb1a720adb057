/**
 * Small pictures for a page of statistics, as SVG text: no canvas, no Vega, no script. They carry
 * a <title> for screen readers and take their colour from CSS (`color`), so that a page themes
 * them: bars and lines are drawn in currentColor.
 */

export interface SvgBin {
  /** Edges in the unit of the column; `to` of one bin is `from` of the next. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface SvgOptions {
  /** CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Said by screen readers and shown on hover. */
  readonly title?: string;
  /** Writes an edge; the default drops trailing digits beyond the fourth. */
  readonly format?: (value: number) => string;
}

const LABEL_PX = 12;

/**
 * A histogram whose bars are as wide as their bins, with the outer edges written below and the
 * count of each bin on hover. No bins or only empty ones give an empty frame.
 */
export function svgHistogram(bins: readonly SvgBin[], options: SvgOptions = {}): string {
  const { width = 240, height = 80 } = options;
  const format = options.format ?? shortNumber;
  const [first, last] = [bins[0], bins.at(-1)];
  const most = Math.max(0, ...bins.map((bin) => bin.count));
  if (first === undefined || last === undefined || most === 0)
    return frame(width, height, options.title, '');
  const plot = height - LABEL_PX;
  const span = last.to - first.from || 1;
  const bars = bins
    .filter((bin) => bin.count > 0)
    .map((bin) => {
      const x = ((bin.from - first.from) / span) * width;
      const w = Math.max(0.5, ((bin.to - bin.from) / span) * width - 0.5);
      // A bin with one row among millions still shows.
      const h = Math.max(1, (bin.count / most) * (plot - 1));
      const label = `${format(bin.from)} – ${format(bin.to)}: ${bin.count.toLocaleString('en')}`;
      return `<rect x="${px(x)}" y="${px(plot - h)}" width="${px(w)}" height="${px(h)}" fill="currentColor"><title>${escapeXml(label)}</title></rect>`;
    })
    .join('');
  const axis = `<path d="M0 ${plot}H${width}" stroke="currentColor" stroke-opacity="0.4"/>`;
  const text = (x: number, anchor: string, value: number): string =>
    `<text x="${x}" y="${height - 2}" font-size="9" font-family="sans-serif" fill="currentColor" fill-opacity="0.7" text-anchor="${anchor}">${escapeXml(format(value))}</text>`;
  const labels = text(0, 'start', first.from) + text(width, 'end', last.to);
  return frame(width, height, options.title, bars + axis + labels);
}

/** A line through `values` in order; a value that is not finite leaves a gap. */
export function svgSparkline(values: readonly number[], options: SvgOptions = {}): string {
  const { width = 120, height = 24 } = options;
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  let path = '';
  let pen = 'M';
  values.forEach((value, index) => {
    if (!Number.isFinite(value)) {
      pen = 'M';
      return;
    }
    const y = high > low ? 1 + (1 - (value - low) / (high - low)) * (height - 2) : height / 2;
    path += `${pen}${px(1 + index * step)} ${px(y)}`;
    pen = 'L';
  });
  const line = `<path d="${path}" fill="none" stroke="currentColor" stroke-width="1.2" stroke-linejoin="round" stroke-linecap="round"/>`;
  return frame(width, height, options.title, finite.length === 0 ? '' : line);
}

function frame(width: number, height: number, title: string | undefined, inner: string): string {
  const name = title === undefined ? '' : `<title>${escapeXml(title)}</title>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">${name}${inner}</svg>`;
}

/** A tenth of a pixel is finer than any screen shows here, and short. */
const px = (value: number): string => String(Math.round(value * 10) / 10);

const shortNumber = (value: number): string => String(Number(value.toPrecision(4)));

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
