/**
 * Line density by GL: one instance for each segment, one vertex for each of its pixels. The pixel
 * comes from whole numbers, as in reduce/lines.ts; GL's own lines differ from driver to driver.
 */
import { GL } from '../../kernel/gl.ts';
import type { Counter, GridSize } from '../reduce/hist2d.ts';
import { SEGMENT_SHORTS, type Segments } from '../reduce/lines.ts';
import type { GlContext } from './context.ts';
import { GlPlanes, PLACE } from './planes.ts';

const VERTEX = `
in vec4 ends;
in vec2 rest;
${PLACE}
flat out float weight;
int along(int distance, int k, int steps) {
  if (steps == 0) return 0;
  int there = (2 * k * abs(distance) + steps) / (2 * steps);
  return distance < 0 ? -there : there;
}
void main() {
  ivec4 e = ivec4(ends);
  ivec2 d = e.zw - e.xy;
  int steps = max(abs(d.x), abs(d.y));
  int k = gl_VertexID;
  bool drawn = k <= steps && (k > 0 || rest.y > 0.5);
  weight = 1.0;
  int at = min(k, steps);
  place(vec2(e.xy + ivec2(along(d.x, at, steps), along(d.y, at, steps))), rest.x, drawn);
}
`;

/** Segments drawn at once. */
const CHUNK_SEGMENTS = 2 ** 18;
/** Segments of about the same length go into one draw: each pays for the longest of them. */
const LENGTH_STEP = 4;

export function glLineCounter(
  context: GlContext,
  size: GridSize,
  planes: number,
): Counter<Segments> {
  const shader = { vertex: VERTEX, attributes: ['ends', 'rest'] };
  const target = new GlPlanes(context, size, planes, shader);
  return {
    name: target.name,
    add: ({ cells, count }) => {
      for (let from = 0; from < count; from += CHUNK_SEGMENTS) {
        const to = Math.min(count, from + CHUNK_SEGMENTS);
        const chunk = cells.subarray(from * SEGMENT_SHORTS, to * SEGMENT_SHORTS);
        for (const [longest, segments] of byLength(chunk)) draw(target, segments, longest);
      }
    },
    finish: () => target.finish(),
  };
}

function draw(target: GlPlanes, { ends, rest, count }: Group, longest: number): void {
  target.reserve(count);
  target.upload(0, ends.subarray(0, count * 4), GL.SHORT, 4);
  target.upload(1, rest.subarray(0, count * 2), GL.SHORT, 2);
  target.gl.glVertexAttribDivisor(0, 1);
  target.gl.glVertexAttribDivisor(1, 1);
  target.gl.glDrawArraysInstanced(GL.POINTS, 0, longest + 1, count);
}

interface Group {
  readonly ends: Int16Array;
  readonly rest: Int16Array;
  count: number;
}

/** The segments split by length in pixels: up to 1, 4, 16, 64 and so on. */
function byLength(cells: Int16Array): Map<number, Group> {
  const groups = new Map<number, Group>();
  const count = cells.length / SEGMENT_SHORTS;
  for (let at = 0; at < cells.length; at += SEGMENT_SHORTS) {
    const dx = Math.abs((cells[at + 2] as number) - (cells[at] as number));
    const dy = Math.abs((cells[at + 3] as number) - (cells[at + 1] as number));
    let longest = 1;
    while (longest < dx || longest < dy) longest *= LENGTH_STEP;
    let group = groups.get(longest);
    if (group === undefined) {
      group = { ends: new Int16Array(count * 4), rest: new Int16Array(count * 2), count: 0 };
      groups.set(longest, group);
    }
    for (let k = 0; k < 4; k += 1) group.ends[group.count * 4 + k] = cells[at + k] as number;
    group.rest[group.count * 2] = cells[at + 4] as number;
    group.rest[group.count * 2 + 1] = cells[at + 5] as number;
    group.count += 1;
  }
  return groups;
}
