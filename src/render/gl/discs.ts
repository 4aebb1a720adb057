/** Anti-aliased discs by GL: one draw for each pixel of the mask, with what it gets by place. */
import { GL } from '../../kernel/gl.ts';
import { FULL_COVERAGE, type MaskCell, PLACES } from '../reduce/discs.ts';
import type { Batch, Counter, GridSize } from '../reduce/hist2d.ts';
import type { GlContext } from './context.ts';
import { GlPlanes } from './planes.ts';
import { POINT_ATTRIBUTES, POINT_INPUTS, uploadChunks } from './points.ts';

const VERTEX = `${POINT_INPUTS}
uniform vec2 shift;
uniform float weights[${PLACES * PLACES}];
flat out float weight;
void main() {
  vec2 p;
  vec2 cell;
  bool inside = locate(p, cell);
  vec2 at = min(floor((p - cell) * ${PLACES}.0), ${PLACES - 1}.0);
  weight = inside ? weights[int(at.y) * ${PLACES} + int(at.x)] : 0.0;
  place(cell + shift, plane, weight > 0.0);
}
`;

export function glDiscCounter(
  context: GlContext,
  size: GridSize,
  planes: number,
  mask: readonly MaskCell[],
): Counter<Batch> {
  const target = new GlPlanes(context, size, planes, {
    vertex: VERTEX,
    attributes: POINT_ATTRIBUTES,
  });
  const [perUnit, shift, weights] = ['perUnit', 'shift', 'weights'].map((name) =>
    target.uniform(name),
  );
  const tables = mask.map((cell) => Float32Array.from(cell.weights));
  return {
    name: target.name,
    add: (batch) => {
      target.gl.glUniform2f(perUnit, batch.perX, batch.perY);
      for (const count of uploadChunks(target, batch)) {
        target.reserve(count * FULL_COVERAGE);
        mask.forEach(({ dx, dy }, index) => {
          target.gl.glUniform2f(shift, dx, dy);
          target.gl.glUniform1fv(weights, PLACES * PLACES, tables[index]);
          target.gl.glDrawArrays(GL.POINTS, 0, count);
        });
      }
    },
    finish: () => target.finish(),
  };
}
