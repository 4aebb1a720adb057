/** The statistics as one self-contained page: no script, nothing loaded from anywhere. */
import type { Figure } from '../../compute/stats/figures.ts';
import { kindOf } from '../../compute/stats/kinds.ts';
import { histogram } from '../../compute/stats/sparkline.ts';
import type { ColumnFacts } from '../../compute/stats/survey.ts';
import { type SvgBin, svgHistogram } from '../../render/svg-histogram.ts';
import { formatCount } from '../../units.ts';
import type { StatsResult } from './stats.ts';

const BINS = 32;
const TOP_VALUES = 8;
const LEAST_SHARE = 0.002;
const NANOSECONDS_A_MILLISECOND = 1e6;

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --bar: #3274a1; }
@media (prefers-color-scheme: dark) { :root { --bar: #6fb1e0; } }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: 0 0 1.5rem; opacity: .7; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); }
section { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; min-width: 0; }
small { opacity: .7; } svg { color: var(--bar); display: block; margin: .75rem 0; max-width: 100%; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 1rem; margin: .5rem 0 0; }
dt { opacity: .7; } dd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.bar { background: var(--bar); height: .4rem; border-radius: .2rem; }
`;

/** `facts` are those `result` was derived from, in the same order. */
export function statsPage(result: StatsResult, facts: readonly ColumnFacts[]): string {
  const sections = result.columns.map((figures, i) => {
    const one = facts[i];
    return section(figures, one === undefined ? '' : pictureOf(one));
  });
  const title = `${escapeHtml(result.source)} – statistics`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<p>${formatCount(result.rows)} rows, ${formatCount(result.columns.length)} columns</p>
<main>
${sections.join('\n')}
</main>
</html>
`;
}

function section(figures: Readonly<Record<string, Figure>>, picture: string): string {
  const { column, type, distribution: _, ...rest } = figures;
  const entries = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(
      ([name, value]) =>
        `<dt>${escapeHtml(name.replaceAll('_', ' '))}</dt><dd>${shown(value)}</dd>`,
    );
  return `<section><h2>${escapeHtml(String(column))}</h2><small>${escapeHtml(String(type))}</small>
${picture}<dl>${entries.join('')}</dl></section>`;
}

function shown(value: Figure): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return formatCount(value as number);
  if (typeof value === 'number') return shownNumber(value);
  const text = String(value);
  return escapeHtml(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

/** Eight significant digits, grouped as integers are. */
function shownNumber(value: number): string {
  const rounded = Number(value.toPrecision(8));
  return Number.isSafeInteger(rounded) ? formatCount(rounded) : String(rounded);
}

function pictureOf({ column, facts }: ColumnFacts): string {
  if (facts.is === 'text') return topValues(facts.distinct.values, facts.rows - facts.nulls);
  if (facts.is !== 'number' || facts.min === undefined || facts.max === undefined) return '';
  const [min, max] = [Number(facts.min), Number(facts.max)];
  const width = (max - min) / BINS;
  if (!Number.isFinite(width)) return '';
  const bins: SvgBin[] = histogram(facts.sample, min, max, BINS).map((count, i) => ({
    from: min + i * width,
    to: i === BINS - 1 ? max : min + (i + 1) * width,
    count,
  }));
  const kind = kindOf(column.type);
  const title = `The distribution of ${column.name}`;
  if (kind.is !== 'time') {
    return svgHistogram(bins, { title, width: 272, height: 96, format: shownNumber });
  }
  const scale = kind.unitNs / NANOSECONDS_A_MILLISECOND;
  const format = (ticks: number): string => new Date(ticks * scale).toISOString().slice(0, 10);
  return svgHistogram(bins, { title, width: 272, height: 96, format });
}

type Values = readonly (readonly [value: number | bigint | string, count: number])[];

function topValues(values: Values | undefined, n: number): string {
  if (values === undefined) return '';
  const top = values.toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, TOP_VALUES);
  const most = top[0]?.[1] ?? 0;
  // Hardly any value more than once: bars would say nothing.
  if (most <= 1 || most < n * LEAST_SHARE) return '';
  const rows = top.map(([value, count]) => {
    const share = `${((count / n) * 100).toFixed(1)} %`;
    const bar = `<div class="bar" style="width:${((count / most) * 100).toFixed(1)}%"></div>`;
    return `<dt>${shown(value)}</dt><dd title="${formatCount(count)}">${share}${bar}</dd>`;
  });
  return `<dl>${rows.join('')}</dl>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
