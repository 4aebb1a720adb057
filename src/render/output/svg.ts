/** SVG of a view: real text, and in the file itself the glyphs of the bundled font it uses. */
import type { View } from 'vega';
import { subsetFont } from '../font-subset.ts';
import { FONT_FAMILY } from '../spec/theme.ts';
import { vegaModules } from '../vega.ts';

export async function svgOf(view: View): Promise<Buffer> {
  const { vega } = await vegaModules();
  // Vega numbers clips and gradients on and on: the daemon's charts are to be those of a new start.
  vega.resetSVGDefIds();
  const svg = await view.toSVG();
  const opened = svg.indexOf('>') + 1;
  const style = `<style>${fontFaces(textsOf(svg))}</style>`;
  return Buffer.from(`${svg.slice(0, opened)}${style}${svg.slice(opened)}\n`);
}

interface Texts {
  readonly regular: string;
  readonly bold: string;
}

/** Characters drawn in each weight; entities add a few letters that do no harm. */
function textsOf(svg: string): Texts {
  const texts = { regular: '', bold: '' };
  for (const [, attributes = '', content = ''] of svg.matchAll(/<text([^>]*)>(.*?)<\/text>/gs)) {
    texts[/font-weight="(bold|[6-9]00)"/.test(attributes) ? 'bold' : 'regular'] += content
      .replace(/<[^>]*>/g, '')
      .replace(/&amp;/g, '&')
      .replace(/&lt;/g, '<')
      .replace(/&gt;/g, '>');
  }
  return texts;
}

/** @font-face rules that carry the glyphs of these texts; viewers without them use the stack. */
export function fontFaces({ regular, bold }: Texts): string {
  const face = (text: string, isBold: boolean): string => {
    if (text === '') return '';
    const data = subsetFont(text, isBold).toString('base64');
    const weight = isBold ? 'bold' : 'normal';
    return `@font-face{font-family:"${FONT_FAMILY}";font-weight:${weight};src:url(data:font/ttf;base64,${data})}`;
  };
  return face(regular, false) + face(bold, true);
}
