/** The chart as a Vega-Lite specification that stands alone, and as a page that shows it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf, NairobiError } from '../../errors.ts';
import type { Spec } from '../chart.ts';
import type { Picture } from '../picture.ts';
import { publicConfig } from '../view.ts';
import { fontFaces } from './svg.ts';

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';

/** Everything in one object: data, marks and looks. */
export function specOf({ assembled, config }: Picture): Spec {
  const { spec, datasets } = assembled;
  return { $schema: SCHEMA, ...spec, config: publicConfig(config), datasets };
}

export function specJson(picture: Picture): Buffer {
  return Buffer.from(`${JSON.stringify(specOf(picture))}\n`);
}

/**
 * A page that needs no network: libraries, font and data are in it, and its policy forbids more.
 */
export function htmlOf(picture: Picture, title: string | undefined): Buffer {
  const spec = interactive(specOf(picture));
  const json = JSON.stringify(spec);
  const background = String(picture.config['background'] ?? '#ffffff');
  const page = [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title ?? 'chart')}</title>`,
    `<style>${fontFaces({ regular: `${ASCII}${json}`, bold: `${ASCII}${title ?? ''}` })}body{margin:16px;background:${background}}</style>`,
    ...LIBRARIES.map((name) => `<script>${librarySource(name)}</script>`),
    '</head><body><div id="chart"></div><script>',
    // The interpreter instead of generated code: the policy above allows no eval.
    // A font that nothing uses yet is not loaded, and a canvas drawn without it stays as it is.
    `Promise.all([...document.fonts].map((face)=>face.load())).then(()=>vegaEmbed("#chart",${json.replace(/</g, '\\u003c')},{ast:true,renderer:"canvas",actions:{export:true,source:true,compiled:false,editor:false}})).catch((error)=>{document.body.append(String(error));throw error});`,
    '</script></body></html>',
  ];
  return Buffer.from(`${page.join('\n')}\n`);
}

/** Letters any label may come to need when a person zooms. */
const ASCII = [
  ...Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)),
  '−',
  '…',
].join('');

const LIBRARIES = ['vega', 'vega-lite', 'vega-embed'] as const;

function librarySource(name: (typeof LIBRARIES)[number]): string {
  try {
    const require = createRequire(import.meta.url);
    const file = join(dirname(require.resolve(name)), `${name}.min.js`);
    return readFileSync(file, 'utf8')
      .replace(/<\/script/gi, '<\\/script')
      .replace(/\n?\/\/# sourceMappingURL=.*/g, '');
  } catch (cause) {
    throw new NairobiError('HOST', `Cannot read ${name} for the page: ${messageOf(cause)}`, {
      cause,
      hint: 'install nairobi with its dependencies, or write .svg, which needs none',
    });
  }
}

/** Tooltips everywhere; zooming and panning where both axes are continuous. */
function interactive(spec: Spec): Spec {
  const config = spec['config'] as Spec;
  const shown = {
    ...spec,
    config: { ...config, mark: { ...(config['mark'] as Spec | undefined), tooltip: true } },
  };
  const [first, ...rest] = (spec['layer'] as readonly Spec[] | undefined) ?? [spec];
  if (
    first === undefined ||
    spec['facet'] !== undefined ||
    spec['vconcat'] !== undefined ||
    !zoomable(first)
  )
    return shown;
  const params = [{ name: 'view', select: 'interval', bind: 'scales' }];
  const zoomed = { ...first, params, mark: { ...(first['mark'] as Spec), clip: true } };
  return spec['layer'] === undefined
    ? { ...shown, ...zoomed, config: shown.config }
    : { ...shown, layer: [zoomed, ...rest] };
}

function zoomable(layer: Spec): boolean {
  const encoding = layer['encoding'] as Record<string, Spec> | undefined;
  const continuous = (channel: Spec | undefined): boolean =>
    channel?.['type'] === 'quantitative' || channel?.['type'] === 'temporal';
  const mark = (layer['mark'] as Spec | undefined)?.['type'];
  return (
    mark !== 'image' &&
    mark !== 'text' &&
    continuous(encoding?.['x']) &&
    continuous(encoding?.['y'])
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
