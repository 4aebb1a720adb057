/** SVG of a view: real text in the bundled font. */
import type { View } from 'vega';

export async function svgOf(view: View): Promise<Buffer> {
  return Buffer.from(`${await view.toSVG()}\n`);
}
