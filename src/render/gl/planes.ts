/** Planes of counts in one float target: what the GL counters of points, discs and lines share. */
import { NairobiError } from '../../errors.ts';
import { GL } from '../../kernel/gl.ts';
import { emptyPlanes, type GridSize } from '../reduce/hist2d.ts';
import type { GlContext } from './context.ts';
import { bindFloatTarget, clear, linkProgram, maxSide, one, readCounts } from './program.ts';

/** A Float32 counts exactly to here; before it could be passed the counts are taken out. */
const EXACT_COUNTS = 2 ** 24;

/**
 * Moves a vertex to the centre of pixel `cell` of a plane, so that the rasteriser has nothing left
 * to round, or out of the way when it lies outside.
 */
export const PLACE = `
uniform vec2 size;
uniform vec2 target;
void place(vec2 cell, float plane, bool drawn) {
  bool inside = drawn && cell.x >= 0.0 && cell.x < size.x && cell.y >= 0.0 && cell.y < size.y;
  vec2 at = (cell + vec2(0.0, plane * size.y) + 0.5) / target * 2.0 - 1.0;
  gl_Position = inside ? vec4(at, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = 1.0;
}
`;

/** A program of ours that adds into planes; disposes of its context when it is done. */
export class GlPlanes {
  readonly name: string;
  readonly #context: GlContext;
  readonly #size: GridSize;
  readonly #target: GridSize;
  readonly #program: number;
  readonly #buffers = new Map<number, number>();
  readonly #counts: readonly Uint32Array[];
  /** The most any pixel may have got since the counts were last taken out. */
  #pending = 0;

  constructor(
    context: GlContext,
    size: GridSize,
    planes: number,
    shader: { readonly vertex: string; readonly attributes: readonly string[] },
  ) {
    this.#target = { width: size.width, height: size.height * planes };
    checkSides(context, this.#target);
    this.name = `${context.kind}: ${context.renderer}`;
    this.#context = context;
    this.#size = size;
    this.#program = linkProgram(context, shader.vertex, shader.attributes);
    bindFloatTarget(context, this.#target);
    if (!context.es) context.gl.glEnable(GL.PROGRAM_POINT_SIZE);
    context.gl.glUniform2f(this.uniform('size'), size.width, size.height);
    context.gl.glUniform2f(this.uniform('target'), this.#target.width, this.#target.height);
    this.#counts = emptyPlanes(size, planes);
  }

  get gl(): GlContext['gl'] {
    return this.#context.gl;
  }

  uniform(name: string): number {
    return this.gl.glGetUniformLocation(this.#program, name) as number;
  }

  /** To be called before a draw that may add `most` to a single pixel. */
  reserve(most: number): void {
    if (this.#pending + most > EXACT_COUNTS) this.#takeOut();
    this.#pending += most;
  }

  /** Fills the buffer of an attribute straight from the array's memory. */
  upload(
    location: number,
    data: Float32Array | Uint8Array | Int16Array,
    type: number,
    components = 1,
  ): void {
    let buffer = this.#buffers.get(location);
    if (buffer === undefined) {
      buffer = one(this.gl, 'glGenBuffers');
      this.#buffers.set(location, buffer);
    }
    this.gl.glBindBuffer(GL.ARRAY_BUFFER, buffer);
    this.gl.glBufferData(GL.ARRAY_BUFFER, data.byteLength, data, GL.STREAM_DRAW);
    this.gl.glEnableVertexAttribArray(location);
    this.gl.glVertexAttribPointer(location, components, type, 0, 0, null);
  }

  /** The counts; the context is gone afterwards. HOST when the driver reported an error. */
  finish(): Uint32Array[] {
    this.#takeOut();
    const error = this.gl.glGetError() as number;
    const { renderer } = this.#context;
    this.#context[Symbol.dispose]();
    if (error === 0) return [...this.#counts];
    throw new NairobiError('HOST', `${renderer} failed with GL error 0x${error.toString(16)}`, {
      hint: 'use --gl cpu',
    });
  }

  #takeOut(): void {
    if (this.#pending === 0) return;
    addPlanes(this.#counts, readCounts(this.#context, this.#target), this.#size);
    clear(this.gl);
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
