/**
 * Points counted by GL, additively into 32-bit floats. The vertex shader computes a pixel with one
 * product and a floor, as reduce/hist2d.ts does, and moves the point to that pixel's centre: the
 * rasteriser has nothing left to round, and every backend counts alike.
 */
import { NairobiError } from '../../errors.ts';
import { GL } from '../../kernel/gl.ts';
import type { Batch, Counter, GridSize } from '../reduce/hist2d.ts';
import type { GlContext } from './context.ts';
import { bindFloatTarget, clear, linkProgram, maxSide, one, readCounts } from './program.ts';

const VERTEX = `
in float x;
in float y;
in float plane;
uniform vec2 perUnit;
uniform vec2 size;
uniform vec2 target;
void main() {
  vec2 p = vec2(x, y) * perUnit;
  bool inside = p.x >= 0.0 && p.x <= size.x && p.y >= 0.0 && p.y <= size.y;
  vec2 cell = min(floor(p), size - 1.0) + vec2(0.0, plane * size.y);
  gl_Position = inside ? vec4((cell + 0.5) / target * 2.0 - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = 1.0;
}
`;

/** A Float32 counts exactly to here; before it could be passed the counts are taken out. */
const EXACT_COUNTS = 2 ** 24;
/** Points handed over at once: 8 MiB of vertices, enough to keep any driver busy. */
const CHUNK_POINTS = 2 ** 20;

export function glCounter(context: GlContext, size: GridSize, planes: number): Counter {
  return new GlCounter(context, size, planes);
}

class GlCounter implements Counter {
  readonly name: string;
  readonly #context: GlContext;
  readonly #size: GridSize;
  readonly #target: GridSize;
  readonly #perUnit: number;
  readonly #buffers: readonly number[];
  readonly #counts: readonly Uint32Array[];
  /** Points drawn since the counts were last taken out. */
  #pending = 0;

  constructor(context: GlContext, size: GridSize, planes: number) {
    const { gl } = context;
    this.#target = { width: size.width, height: size.height * planes };
    checkSides(context, this.#target);
    this.name = `${context.kind}: ${context.renderer}`;
    this.#context = context;
    this.#size = size;
    const program = linkProgram(context, VERTEX, ['x', 'y', 'plane']);
    bindFloatTarget(context, this.#target);
    if (!context.es) gl.glEnable(GL.PROGRAM_POINT_SIZE);
    const at = (name: string): number => gl.glGetUniformLocation(program, name) as number;
    this.#perUnit = at('perUnit');
    gl.glUniform2f(at('size'), size.width, size.height);
    gl.glUniform2f(at('target'), this.#target.width, this.#target.height);
    this.#buffers = [one(gl, 'glGenBuffers'), one(gl, 'glGenBuffers'), one(gl, 'glGenBuffers')];
    this.#counts = Array.from({ length: planes }, () => new Uint32Array(size.width * size.height));
  }

  add(batch: Batch): void {
    this.#context.gl.glUniform2f(this.#perUnit, batch.perX, batch.perY);
    for (let from = 0; from < batch.xs.length; from += CHUNK_POINTS) {
      const to = Math.min(batch.xs.length, from + CHUNK_POINTS);
      if (this.#pending + to - from > EXACT_COUNTS) this.#takeOut();
      this.#draw(batch, from, to);
    }
  }

  finish(): Uint32Array[] {
    this.#takeOut();
    const error = this.#context.gl.glGetError() as number;
    const { renderer } = this.#context;
    this.#context[Symbol.dispose]();
    if (error === 0) return [...this.#counts];
    throw new NairobiError('HOST', `${renderer} failed with GL error 0x${error.toString(16)}`, {
      hint: 'use --gl cpu',
    });
  }

  #draw(batch: Batch, from: number, to: number): void {
    const { gl } = this.#context;
    this.#upload(0, batch.xs.subarray(from, to), GL.FLOAT);
    this.#upload(1, batch.ys.subarray(from, to), GL.FLOAT);
    if (batch.codes === undefined) {
      gl.glDisableVertexAttribArray(2);
      gl.glVertexAttrib1f(2, batch.plane);
    } else {
      this.#upload(2, batch.codes.subarray(from, to), GL.UNSIGNED_BYTE);
    }
    gl.glDrawArrays(GL.POINTS, 0, to - from);
    this.#pending += to - from;
  }

  /** Straight from the column's memory: the driver reads the typed array in place. */
  #upload(location: number, data: Float32Array | Uint8Array, type: number): void {
    const { gl } = this.#context;
    gl.glBindBuffer(GL.ARRAY_BUFFER, this.#buffers[location]);
    gl.glBufferData(GL.ARRAY_BUFFER, data.byteLength, data, GL.STREAM_DRAW);
    gl.glEnableVertexAttribArray(location);
    gl.glVertexAttribPointer(location, 1, type, 0, 0, null);
  }

  #takeOut(): void {
    if (this.#pending === 0) return;
    addPlanes(this.#counts, readCounts(this.#context, this.#target), this.#size);
    clear(this.#context.gl);
    this.#pending = 0;
  }
}

function checkSides(context: GlContext, { width, height }: GridSize): void {
  if (Math.max(width, height) <= maxSide(context)) return;
  throw new NairobiError(
    'HOST',
    `${context.renderer} cannot draw ${width} x ${height} pixels at once`,
    {
      hint: 'use --gl cpu, a smaller picture, or fewer colours and facets',
    },
  );
}

/** Adds what was read, bottom row first and plane upon plane, to counts with the top row first. */
function addPlanes(
  counts: readonly Uint32Array[],
  read: Float32Array,
  { width, height }: GridSize,
): void {
  counts.forEach((plane, index) => {
    for (let row = 0; row < height; row += 1) {
      const from = (index * height + row) * width;
      const to = (height - 1 - row) * width;
      for (let x = 0; x < width; x += 1) {
        plane[to + x] = (plane[to + x] as number) + (read[from + x] as number);
      }
    }
  });
}
