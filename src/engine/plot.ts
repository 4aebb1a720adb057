/** From rows to a picture: what `nairobi plot` does once its source is open. */
import type { Relation } from '../compute/relation.ts';
import { type ChartFormat, encodePicture } from '../render/output/encode.ts';
import { canvasImage } from '../render/output/image.ts';
import { panelsOf } from '../render/panels.ts';
import { drawScene } from '../render/picture.ts';
import { checkSize, type PlotRequest } from '../render/request.ts';
import { resolveScene } from '../render/resolve.ts';
import type { Reporter } from './report.ts';

export interface Plotted {
  readonly bytes: Buffer;
  /** What was chosen, reduced or left out, one sentence each. */
  readonly notes: readonly string[];
  readonly mark: string;
  readonly rows: number;
}

/** Draws `request` over `relation` in `format`; the size is checked before anything is read. */
export async function plotRelation(
  relation: Relation,
  request: PlotRequest,
  format: ChartFormat,
  reporter: Reporter,
): Promise<Plotted> {
  checkSize(request.width, request.height, request.scale);
  const notes: string[] = [];
  const note = (text: string): void => {
    if (!notes.includes(text)) notes.push(text);
  };
  const scene = await reporter.time('compute', () => resolveScene(relation, request, note));
  const panels = await reporter.time('compute', () => panelsOf(scene));
  const bytes = await reporter.time('render', async () => {
    const picture = await drawScene(scene, panels, await canvasImage(format));
    return encodePicture(picture, format, request);
  });
  return { bytes, notes, mark: scene.mark, rows: scene.profile.rows };
}
