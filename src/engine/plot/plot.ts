/** nairobi plot: from a source to a picture. */
import { readFileSync } from 'node:fs';
import type { Relation } from '../../compute/relation.ts';
import { messageOf, NairobiError } from '../../errors.ts';
import type { ReadOptions } from '../../formats/options.ts';
import { gathered } from '../../render/data/gathered.ts';
import { withStructFields } from '../../render/data/struct-fields.ts';
import { takeLacking } from '../../render/font-metrics.ts';
import type { Allowed } from '../../render/loader.ts';
import { type ChartFormat, encodePicture } from '../../render/output/encode.ts';
import { canvasImage } from '../../render/output/image.ts';
import { panelsOf } from '../../render/panels.ts';
import { drawScene } from '../../render/picture.ts';
import { checkRequest, type PlotRequest } from '../../render/request.ts';
import { resolveScene } from '../../render/resolve.ts';
import { cellWidth } from '../../render/term/context2d.ts';
import { measuringTextWith } from '../../render/vega.ts';
import { probeGl } from '../doctor/gl-probe.ts';
import type { SourceArgument } from '../inputs/sources.ts';
import type { HostOptions } from '../options.ts';
import { openRows, type RowWish } from '../rows.ts';
import type { Reporter } from '../run/report.ts';
import { Session, type SessionOptions } from '../session.ts';
import { drawSpec, rowsForSpec } from './spec.ts';

export interface PlotOptions extends RowWish {
  /** A specification may hold its own data. */
  readonly source: SourceArgument | undefined;
  readonly schemas?: SessionOptions['schemas'];
  readonly files?: Pick<SessionOptions, 'unionByName' | 'filenameColumn'>;
  /** A Vega-Lite or Vega specification of the user's, instead of a mark and columns. */
  readonly spec: string | undefined;
  readonly allowed: Allowed;
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
  const { request, format, source } = options;
  checkRequest(request);
  const { host, read, schemas } = options;
  using session = new Session(
    { host, read, ...options.files, ...(schemas === undefined ? {} : { schemas }) },
    reporter,
  );
  if (source === undefined) {
    if (options.spec !== undefined) return plotSpec(undefined, options, options.spec, reporter);
    throw new NairobiError('USAGE', 'There is nothing to draw', {
      hint: 'name a file, or - for stdin',
    });
  }
  const rows = openRows(session, source, options);
  const { spec } = options;
  const plotted = await session.attempt(async () =>
    spec === undefined
      ? plotRelation(await rows(), request, format, reporter)
      : plotSpec(await rows(), options, spec, reporter),
  );
  reporter.set({ rowsRead: plotted.rows });
  return plotted;
}

/** Draws the user's specification over `relation`, if it has one. */
async function plotSpec(
  relation: Relation | undefined,
  { request, format, allowed }: PlotOptions,
  file: string,
  reporter: Reporter,
): Promise<Plotted> {
  const rows =
    relation === undefined
      ? []
      : await reporter.time('compute', () => rowsForSpec(relation, request.zone));
  const { theme, palette, scale, seed, title } = request;
  const options = {
    text: readSpec(file),
    file,
    rows,
    format,
    theme,
    palette,
    scale,
    seed,
    title,
    allowed,
  };
  const { bytes, warnings } = await reporter.time('render', () => drawSpec(options));
  return { bytes, notes: warnings, mark: 'specification', rows: rows.length };
}

function readSpec(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new NairobiError('NOT_READABLE', `Cannot read the specification: ${messageOf(cause)}`, {
      cause,
      where: { file },
    });
  }
}

/** What is kept as text, and what a browser shows. */
const DESCRIBED: ReadonlySet<ChartFormat> = new Set(['svg', 'html', 'vl.json']);

/** Whoever shows these has fonts of its own. */
const BY_THE_VIEWER: ReadonlySet<ChartFormat> = new Set([...DESCRIBED, 'text']);

function boxesNote(characters: readonly string[]): string {
  const shown = characters.slice(0, 8).join(' ');
  const more = characters.length > 8 ? ' ...' : '';
  return `the bundled font has no ${shown}${more}: boxes stand for them; .svg and .html are shown with the fonts of whoever looks at them`;
}

/** Draws `request` over `relation` in `format`; charts of one process are drawn one by one. */
export async function plotRelation(
  relation: Relation,
  request: PlotRequest,
  format: ChartFormat,
  reporter: Reporter,
): Promise<Plotted> {
  checkRequest(request);
  return measuringTextWith(format === 'text' ? cellWidth : undefined, () =>
    drawRelation(relation, request, format, reporter),
  );
}

async function drawRelation(
  relation: Relation,
  request: PlotRequest,
  format: ChartFormat,
  reporter: Reporter,
): Promise<Plotted> {
  const notes: string[] = [];
  const note = (text: string): void => {
    if (!notes.includes(text)) notes.push(text);
  };
  const detail = (text: string): void => reporter.note(text);
  const { x, y, color, facet, by } = request;
  const rows = gathered(withStructFields(relation, [x, ...y, color, facet, by]));
  const scene = await reporter.time('compute', () =>
    resolveScene(rows, request, { note, detail, probeGl }),
  );
  const panels = await reporter.time('compute', () => panelsOf(scene));
  const bytes = await reporter.time('render', async () => {
    const picture = await drawScene(scene, panels, {
      image: await canvasImage(format),
      isDescribed: DESCRIBED.has(format),
    });
    return encodePicture(picture, format, request);
  });
  const lacking = takeLacking();
  if (lacking.length > 0 && !BY_THE_VIEWER.has(format)) note(boxesNote(lacking));
  return { bytes, notes, mark: scene.mark, rows: scene.profile.rows };
}
