/** nairobi plot: from a source to a picture. */
import type { Relation } from '../compute/relation.ts';
import type { ReadOptions } from '../formats/options.ts';
import { type ChartFormat, encodePicture } from '../render/output/encode.ts';
import { canvasImage } from '../render/output/image.ts';
import { panelsOf } from '../render/panels.ts';
import { drawScene } from '../render/picture.ts';
import { checkSize, type PlotRequest } from '../render/request.ts';
import { resolveScene } from '../render/resolve.ts';
import { probeGl } from './gl-probe.ts';
import type { HostOptions } from './options.ts';
import type { Reporter } from './report.ts';
import { Session } from './session.ts';
import { parseSource } from './sources.ts';

export interface PlotOptions {
  readonly source: string;
  readonly request: PlotRequest;
  readonly format: ChartFormat;
  readonly read: ReadOptions;
  readonly host: HostOptions;
}

export interface Plotted {
  readonly bytes: Buffer;
  /** What was chosen, reduced or left out, one sentence each. */
  readonly notes: readonly string[];
  readonly mark: string;
  readonly rows: number;
}

/** Opens the source, draws, and closes it again; the size is checked before anything is read. */
export async function plot(options: PlotOptions, reporter: Reporter): Promise<Plotted> {
  const { request, format } = options;
  checkSize(request.width, request.height, request.scale);
  using session = new Session({ host: options.host, read: options.read }, reporter);
  const relation = session.open(parseSource(options.source));
  const plotted = await session.attempt(() => plotRelation(relation, request, format, reporter));
  reporter.set({ rowsRead: plotted.rows });
  return plotted;
}

/** Draws `request` over `relation` in `format`. */
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
  const detail = (text: string): void => reporter.note(text);
  const scene = await reporter.time('compute', () =>
    resolveScene(relation, request, { note, detail, probeGl }),
  );
  const panels = await reporter.time('compute', () => panelsOf(scene));
  const bytes = await reporter.time('render', async () => {
    const picture = await drawScene(scene, panels, await canvasImage(format));
    return encodePicture(picture, format, request);
  });
  return { bytes, notes, mark: scene.mark, rows: scene.profile.rows };
}
