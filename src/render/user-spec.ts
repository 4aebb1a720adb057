/**
 * A specification that a user wrote, in Vega-Lite or Vega, over our rows. It is somebody else's
 * program: expressions run under Vega's interpreter, nothing is loaded that was not allowed.
 */
import type { Spec as VegaSpec } from 'vega';
import { messageOf, NairobiError } from '../errors.ts';
import type { Row, Spec } from './chart.ts';
import { type Allowed, guardedLoader } from './loader.ts';
import { type ChartFormat, encodePicture } from './output/encode.ts';
import { totalSize } from './picture.ts';
import { checkSize, DEFAULT_REQUEST } from './request.ts';
import { configOf } from './spec/theme.ts';
import { compileSpec, runView } from './view.ts';

/** The name our rows have in a specification. */
export const DATA_NAME = 'data';
/** Beyond this a chart is not drawn but computed; also Vega's own generators obey it. */
export const MAX_SPEC_ROWS = 1_000_000;

export interface UserSpecOptions {
  readonly text: string;
  /** Where the text came from, for messages. */
  readonly file: string;
  readonly rows: readonly Row[];
  readonly format: ChartFormat;
  readonly theme: string;
  readonly palette: string | undefined;
  readonly scale: number;
  readonly seed: number;
  readonly title: string | undefined;
  readonly allowed: Allowed;
}

export interface Drawn {
  readonly bytes: Buffer;
  readonly warnings: readonly string[];
}

/**
 * Draws it; NairobiError BAD_DATA for a specification that is wrong, NOT_SUPPORTED for a refusal.
 */
export async function drawUserSpec(options: UserSpecOptions): Promise<Drawn> {
  const given = parseSpec(options);
  refuseGenerators(given, options.file);
  const spec =
    given['data'] === undefined && !isVega(given) ? { ...given, data: { name: DATA_NAME } } : given;
  const config = await configOf(options.theme, options.palette);
  const warnings: string[] = [];
  const { loader, failures } = guardedLoader(options.allowed);
  const view = {
    config,
    seed: options.seed,
    interpret: true,
    loader,
    warn: (text: string) => {
      if (!warnings.includes(text)) warnings.push(text);
    },
  };
  const datasets = { [DATA_NAME]: options.rows };
  try {
    const vega = isVega(spec)
      ? withRows(spec, options.rows)
      : await compileSpec(spec, datasets, view);
    const drawn = await runView(vega, view);
    failOn(failures, options.file);
    const size = totalSize(drawn);
    checkSize(size.width, size.height, options.scale);
    const assembled = { spec, datasets, single: true, columns: 1, rows: 1 };
    const picture = { view: drawn, vega, assembled, config };
    const request = { ...DEFAULT_REQUEST, scale: options.scale, title: options.title };
    const bytes = await encodePicture(picture, options.format, request);
    failOn(failures, options.file);
    return { bytes, warnings };
  } catch (cause) {
    if (cause instanceof NairobiError) throw cause;
    failOn(failures, options.file);
    throw new NairobiError('BAD_DATA', `Cannot draw this specification: ${messageOf(cause)}`, {
      cause,
      where: { file: options.file },
      hint: 'it must be a Vega-Lite 6 or Vega 6 specification; expressions may use Vega functions only',
    });
  }
}

function failOn(failures: readonly string[], file: string): void {
  const [first] = failures;
  if (first === undefined) return;
  throw new NairobiError('NOT_SUPPORTED', `The specification wants data from elsewhere: ${first}`, {
    where: { file },
    hint: 'give the data as SRC and name it {"data":{"name":"data"}}, or allow it with --allow-file DIR or --allow-url ADDRESS',
  });
}

function parseSpec({ text, file }: UserSpecOptions): Spec {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new NairobiError('BAD_DATA', `The specification is not JSON: ${messageOf(cause)}`, {
      cause,
      where: { file },
    });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Spec;
  throw new NairobiError('BAD_DATA', 'The specification is not a JSON object', { where: { file } });
}

function isVega(spec: Spec): boolean {
  const schema = String(spec['$schema'] ?? '');
  if (schema !== '') return !schema.includes('vega-lite');
  return Array.isArray(spec['marks']);
}

/** Puts the rows under their name, which the specification may have declared or not. */
function withRows(spec: Spec, rows: readonly Row[]): VegaSpec {
  const data = (spec['data'] ?? []) as readonly Spec[];
  const named = data.some((entry) => entry['name'] === DATA_NAME);
  const filled = data.map((entry) =>
    entry['name'] === DATA_NAME ? { ...entry, values: rows } : entry,
  );
  return {
    ...spec,
    data: named ? filled : [{ name: DATA_NAME, values: rows }, ...filled],
  } as unknown as VegaSpec;
}

/** Refuses what would make more rows than a chart can hold before any of them is made. */
function refuseGenerators(node: unknown, file: string): void {
  if (node === null || typeof node !== 'object') return;
  const entry = node as Spec;
  const sequence = entry['type'] === 'sequence' ? entry : entry['sequence'];
  if (typeof sequence === 'object' && sequence !== null) {
    const { start, stop, step } = sequence as Spec;
    const count = (Number(stop) - Number(start ?? 0)) / Number(step ?? 1);
    if (count > MAX_SPEC_ROWS) {
      throw new NairobiError('NOT_SUPPORTED', `The specification makes ${count} rows by itself`, {
        where: { file },
        hint: `at most ${MAX_SPEC_ROWS} may come from a sequence`,
      });
    }
  }
  for (const inner of Object.values(entry)) refuseGenerators(inner, file);
}
