/** How a chart looks: our two themes, the published ones by name, and the palettes. */
import { NairobiError } from '../../errors.ts';
import type { Spec } from '../chart.ts';
import { ON_DARK, ON_LIGHT } from '../shade/colors.ts';
import { didYouMean } from '../suggest.ts';
import { terminalConfig } from '../term/config.ts';
import { vegaModules } from '../vega.ts';

export const FONT_FAMILY = 'DejaVu Sans';
/** What a viewer without the bundled font may fall back to: Verdana has nearly the same widths. */
export const FONT_STACK = `${FONT_FAMILY}, Verdana, sans-serif`;

/** Okabe and Ito's eight colours (2008), black last and yellow darkened to show on white. */
const OKABE_ITO = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#e69f00',
  '#8c6d1f',
  '#000000',
];
/** The same hues, lightened to show on dark grey. */
const OKABE_ITO_DARK = [
  '#56b4e9',
  '#e69f00',
  '#2bc39a',
  '#e79bc4',
  '#8fd0f5',
  '#f0e442',
  '#ff8c42',
  '#e8e8e8',
];
/** Paul Tol's "bright" (2021). */
const TOL = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377', '#bbbbbb'];

interface Look {
  readonly background: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly category: readonly string[];
}

const LIGHT: Look = {
  background: '#ffffff',
  ink: '#1a1a1a',
  muted: '#4d4d4d',
  grid: '#e4e4e4',
  category: [...OKABE_ITO, '#882255', '#999999'],
};
const DARK: Look = {
  background: '#1e1e1e',
  ink: '#f2f2f2',
  muted: '#c8c8c8',
  grid: '#3a3a3a',
  category: [...OKABE_ITO_DARK, '#c77dff', '#999999'],
};

/** The look of charts made of characters. */
export const TERMINAL_THEME = 'terminal';

/** The Vega-Lite config of --theme and --palette; USAGE when there is no such theme. */
export async function configOf(theme: string, palette: string | undefined): Promise<Spec> {
  if (theme === TERMINAL_THEME) return terminalConfig(ours(LIGHT, 'light'));
  const base =
    theme === 'light'
      ? ours(LIGHT, 'light')
      : theme === 'dark'
        ? ours(DARK, 'dark')
        : await published(theme);
  return withPalette(base, palette, await vegaModules());
}

/** True when the picture has a dark ground: density colours then run the other way. */
export function isDark(config: Spec): boolean {
  const ground = String(config['background'] ?? '#ffffff');
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(ground)?.[1];
  if (hex === undefined) return ground === 'black';
  const step = hex.length / 3;
  const channel = (index: number): number =>
    Number.parseInt(hex.slice(index * step, (index + 1) * step).padEnd(2, hex[index * step]), 16);
  return channel(0) + channel(1) + channel(2) < 384;
}

function ours(look: Look, name: 'light' | 'dark'): Spec {
  const text = {
    labelColor: look.muted,
    titleColor: look.ink,
    labelFontSize: 11,
    titleFontSize: 12,
  };
  return {
    background: look.background,
    font: FONT_STACK,
    padding: 10,
    view: { stroke: look.grid },
    axis: {
      ...text,
      titleFontWeight: 'normal',
      domainColor: look.muted,
      tickColor: look.muted,
      gridColor: look.grid,
      titlePadding: 8,
    },
    legend: {
      ...text,
      titleFontWeight: 'normal',
      labelLimit: 180,
      titleLimit: 180,
    },
    header: { ...text, labelFontWeight: 'normal' },
    title: { color: look.ink, fontSize: 15, fontWeight: 'bold', anchor: 'start', offset: 12 },
    range: {
      category: look.category,
      ramp: name === 'dark' ? ON_DARK : ON_LIGHT,
      heatmap: name === 'dark' ? ON_DARK : ON_LIGHT,
    },
    mark: { color: look.category[0] },
    rule: { color: look.muted },
    text: { color: look.ink },
    style: { 'group-title': { fill: look.ink } },
  };
}

async function published(theme: string): Promise<Spec> {
  const themes = (await import('vega-themes')) as unknown as Record<string, Spec | string>;
  const found = themes[theme];
  if (typeof found === 'object' && theme !== 'default') {
    return { ...found, font: FONT_STACK, ...withoutFonts(found) };
  }
  const names = Object.keys(themes).filter((key) => typeof themes[key] === 'object');
  throw new NairobiError('USAGE', `There is no theme "${theme}"`, {
    hint: didYouMean(theme, [
      'light',
      ...names.filter((key) => key !== 'default' && key !== 'light'),
    ]),
  });
}

/** Drops every font a theme names: only the bundled one is certain to be there. */
function withoutFonts(config: Spec): Spec {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value) || value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value).filter(
      ([key]) => !/^(font|labelFont|titleFont|subtitleFont)$/.test(key),
    );
    return Object.fromEntries(entries.map(([key, inner]) => [key, strip(inner)]));
  };
  return { ...(strip(config) as Spec), font: FONT_STACK };
}

/** Where a continuous scheme is read to make a ramp of its own. */
const RAMP_STOPS = Array.from({ length: 16 }, (_, index) => index / 15);

function withPalette(
  config: Spec,
  palette: string | undefined,
  { vega }: Awaited<ReturnType<typeof vegaModules>>,
): Spec {
  if (palette === undefined) return config;
  const range = (config['range'] ?? {}) as Spec;
  if (palette === 'okabe-ito' || palette === 'tol') {
    const category = palette === 'tol' ? TOL : OKABE_ITO;
    return { ...config, range: { ...range, category }, mark: { color: category[0] } };
  }
  // Vega keeps its schemes in an object, which has a constructor too.
  const scheme: unknown = palette in Object.prototype ? undefined : vega.scheme(palette);
  if (Array.isArray(scheme)) {
    return {
      ...config,
      range: { ...range, category: { scheme: palette } },
      mark: { color: scheme[0] },
    };
  }
  if (typeof scheme === 'function') {
    return {
      ...config,
      range: {
        ...range,
        category: { scheme: palette },
        ramp: { scheme: palette },
        heatmap: { scheme: palette },
      },
      mark: { color: (scheme as (at: number) => string)(0.5) },
      _ramp: RAMP_STOPS.map(scheme as (at: number) => string),
    };
  }
  throw new NairobiError('USAGE', `There is no palette "${palette}"`, {
    hint: 'use okabe-ito, tol, or a Vega scheme such as tableau10, viridis, plasma, blues or turbo',
  });
}
