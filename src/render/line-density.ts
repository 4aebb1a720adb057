/** How often lines enter each pixel: thousands of series in one picture. */
import { type DataFrame, type Expr, type LazyFrame, polars } from '../compute/polars.ts';
import { NairobiError } from '../errors.ts';
import { formatCountOf } from '../units.ts';
import type { Scene } from './chart.ts';
import { frames, select, slices, typed } from './data/stream.ts';
import {
  axisOffset,
  byFacet,
  type DensityCounts,
  type DensitySource,
  type PixelGrid,
  perUnit,
  planeCode,
  planesOf,
  yPlane,
} from './density.ts';
import { type Field, labelOf, numberOf } from './fields.ts';
import { chooseCounter } from './gl/choose.ts';
import { lineWork } from './gl/work.ts';
import { columnNames, type Series, seriesLabels } from './marks/series.ts';
import type { Counter } from './reduce/hist2d.ts';
import { Pen, type Segments } from './reduce/lines.ts';

export function lineDensitySource(scene: Scene, x: Field, y: Field, series: Series): DensitySource {
  const colors = seriesLabels(scene, series);
  const count = async (grid: PixelGrid): Promise<DensityCounts> => {
    const work = new LineWork(scene, x, series, colors, grid);
    // Most files are in order of x already; a sort costs more than drawing.
    const inOrder = scene.by === undefined ? await work.draw(false) : undefined;
    return inOrder ?? (await work.draw(true)) ?? disorder(scene);
  };
  return { x, y, series, colors, noun: 'lines', count };
}

/** Rows that cannot be sorted because they do not fit at once. */
function disorder(scene: Scene): never {
  throw new NairobiError('MEMORY_LIMIT', `${scene.relation.name} is not in order of x`, {
    hint: 'sort it first (nairobi ingest --sort), or raise --memory-limit so that it fits at once',
  });
}

class LineWork {
  readonly #scene: Scene;
  readonly #x: Field;
  readonly #series: Series;
  readonly #planes: { readonly colors: number; readonly all: number };
  readonly #grid: PixelGrid;

  constructor(scene: Scene, x: Field, series: Series, colors: readonly string[], grid: PixelGrid) {
    this.#scene = scene;
    this.#x = x;
    this.#series = series;
    this.#planes = planesOf(series, colors);
    this.#grid = grid;
  }

  /** Undefined when x goes back within a line and the rows were taken as they come. */
  async draw(sorted: boolean): Promise<DensityCounts | undefined> {
    const scene = this.#scene;
    if (sorted && !scene.relation.fits) return undefined;
    const items = scene.profile.rows * scene.ys.length;
    const work = lineWork(this.#grid, this.#planes.all, items);
    const { counter, reason } = await chooseCounter(scene.request.gl, work, scene.probeGl);
    const lines = new Lines(this.#grid, counter);
    const columns = columnNames(this.#x, ...scene.ys, scene.color, scene.facet, scene.by);
    for await (const frame of this.#frames(columns, sorted)) {
      const xs = typed<Float32Array>(frame, 'x');
      const codes = typed<Uint8Array>(frame, 'code');
      const starts = sorted ? typed<Uint8Array>(frame, 'start') : undefined;
      for (const index of scene.ys.keys()) {
        const ys = typed<Float32Array>(frame, `y${index}`);
        const inOrder = lines.add(index, yPlane(scene, index), { xs, ys, codes, starts });
        if (inOrder) continue;
        counter.finish();
        return undefined;
      }
    }
    scene.detail(`lines counted by ${counter.name}: ${reason}`);
    const { lines: count, points } = lines;
    return {
      grid: this.#grid,
      facets: byFacet(counter.finish(), this.#series, this.#planes.colors),
      unit: 1,
      what: `${formatCountOf(count, 'line')} through ${formatCountOf(points, 'point')}`,
      backend: counter.name,
    };
  }

  /** Rows can be sorted only when all are there. */
  async *#frames(columns: readonly string[], sorted: boolean): AsyncGenerator<DataFrame> {
    const { relation } = this.#scene;
    if (!sorted) {
      yield* select(relation, columns, this.#exprs());
      return;
    }
    for await (const whole of frames(relation, columns, (frame) => this.#sorted(frame))) {
      yield* slices(whole);
    }
  }

  #exprs(): Expr[] {
    const pl = polars();
    const scene = this.#scene;
    const { zone } = scene.request;
    const missing = (value: Expr): Expr => value.fillNull(pl.lit(Number.NaN)).cast(pl.Float32);
    const code = planeCode(scene, this.#series, this.#planes.colors) ?? pl.lit(0);
    return [
      missing(axisOffset(numberOf(this.#x, zone), this.#grid.x)).alias('x'),
      ...scene.ys.map((y, i) =>
        missing(axisOffset(numberOf(y, zone), this.#grid.y)).alias(`y${i}`),
      ),
      code.cast(pl.UInt8).alias('code'),
    ];
  }

  #sorted(frame: LazyFrame): LazyFrame {
    const pl = polars();
    const { by: field } = this.#scene;
    const by = field === undefined ? pl.lit('') : labelOf(field).fillNull(pl.lit('\u0000'));
    const rows = frame.select(...this.#exprs(), by.alias('by')).sort({ by: ['code', 'by', 'x'] });
    const begins = (name: string): Expr => pl.col(name).neq(pl.col(name).shift(1));
    const start = begins('by').or(begins('code')).fillNull(pl.lit(true)).cast(pl.UInt8);
    return rows.withColumns(start.alias('start'));
  }
}

interface Columns {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly codes: Uint8Array;
  /** Where a line begins, when the rows are sorted; else a line goes on wherever its code does. */
  readonly starts: Uint8Array | undefined;
}

/** Segments handed over at once: 3 MiB. */
const SEGMENTS = 2 ** 18;
const CODES = 256;

/** Many lines drawn by one pen, which remembers where it left each. */
class Lines {
  lines = 0;
  points = 0;
  readonly #pen: Pen;
  readonly #counter: Counter<Segments>;
  readonly #perX: number;
  readonly #perY: number;
  /** By y column and code: x and y in pixels of where the line was left, and its last x. */
  readonly #left = new Map<number, { at: readonly [number, number]; x: number }>();

  constructor(grid: PixelGrid, counter: Counter<Segments>) {
    this.#pen = new Pen(grid);
    this.#counter = counter;
    ({ perX: this.#perX, perY: this.#perY } = perUnit(grid));
  }

  /** False as soon as x goes back within a line. */
  add(y: number, plane: number, { xs, ys, codes, starts }: Columns): boolean {
    const pen = this.#pen;
    let line = -1;
    let last = Number.NaN;
    for (let i = 0; i < xs.length; i += 1) {
      const code = codes[i] as number;
      if (line !== code) {
        if (line !== -1) this.#leave(y, line, last);
        last = this.#goTo(y, code, starts === undefined);
        line = code;
      }
      if (starts?.[i] === 1) {
        pen.lift();
        last = Number.NaN;
        this.lines += 1;
      }
      const x = xs[i] as number;
      if (x < last) return false;
      if (!Number.isNaN(x)) last = x;
      const value = ys[i] as number;
      if (Number.isFinite(x) && Number.isFinite(value)) this.points += 1;
      pen.to(Math.fround(x * this.#perX), Math.fround(value * this.#perY), code + plane);
      if ((i + 1) % SEGMENTS === 0) this.#counter.add(pen.take());
    }
    if (line !== -1) this.#leave(y, line, last);
    this.#counter.add(pen.take());
    return true;
  }

  #leave(y: number, code: number, x: number): void {
    this.#left.set(y * CODES + code, { at: this.#pen.position(), x });
  }

  /** Where the line of this code was left: its last x, NaN when it begins here. */
  #goTo(y: number, code: number, counts: boolean): number {
    const left = this.#left.get(y * CODES + code);
    if (left === undefined) {
      this.#pen.lift();
      if (counts) this.lines += 1;
      return Number.NaN;
    }
    this.#pen.moveTo(left.at);
    return left.x;
  }
}
