/**
 * Points counted by GL, one pixel each. The vertex shader computes a pixel with one product and a
 * floor, as reduce/hist2d.ts does.
 */
import { GL } from '../../kernel/gl.ts';
import type { Batch, Counter, GridSize } from '../reduce/hist2d.ts';
import type { GlContext } from './context.ts';
import { GlPlanes, PLACE } from './planes.ts';

/** Where a point lies in pixels, and the pixel; the far edges belong to the last pixels. */
export const POINT_INPUTS = `
in float x;
in float y;
in float plane;
uniform vec2 perUnit;
${PLACE}
bool locate(out vec2 p, out vec2 cell) {
  p = vec2(x, y) * perUnit;
  cell = min(floor(p), size - 1.0);
  return p.x >= 0.0 && p.x <= size.x && p.y >= 0.0 && p.y <= size.y;
}
`;

const VERTEX = `${POINT_INPUTS}
flat out float weight;
void main() {
  vec2 p;
  vec2 cell;
  bool inside = locate(p, cell);
  weight = 1.0;
  place(cell, plane, inside);
}
`;

/** Points handed over at once: 8 MiB of vertices, enough to keep any driver busy. */
const CHUNK_POINTS = 2 ** 20;

export function glCounter(context: GlContext, size: GridSize, planes: number): Counter<Batch> {
  const shader = { vertex: VERTEX, attributes: POINT_ATTRIBUTES };
  const target = new GlPlanes(context, size, planes, shader);
  const perUnit = target.uniform('perUnit');
  return {
    name: target.name,
    add: (batch) => {
      target.gl.glUniform2f(perUnit, batch.perX, batch.perY);
      for (const count of uploadChunks(target, batch)) {
        target.reserve(count);
        target.gl.glDrawArrays(GL.POINTS, 0, count);
      }
    },
    finish: () => target.finish(),
  };
}

/** The attributes of POINT_INPUTS, by location. */
export const POINT_ATTRIBUTES = ['x', 'y', 'plane'] as const;

/** Uploads the batch piece by piece; yields how many points are ready to be drawn. */
export function* uploadChunks(target: GlPlanes, batch: Batch): Generator<number> {
  const { gl } = target;
  for (let from = 0; from < batch.xs.length; from += CHUNK_POINTS) {
    const to = Math.min(batch.xs.length, from + CHUNK_POINTS);
    target.upload(0, batch.xs.subarray(from, to), GL.FLOAT);
    target.upload(1, batch.ys.subarray(from, to), GL.FLOAT);
    if (batch.codes === undefined) {
      gl.glDisableVertexAttribArray(2);
      gl.glVertexAttrib1f(2, batch.plane);
    } else {
      target.upload(2, batch.codes.subarray(from, to), GL.UNSIGNED_BYTE);
    }
    yield to - from;
  }
}
