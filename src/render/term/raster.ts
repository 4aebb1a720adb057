/** Lines and filled polygons on a grid of dots. */

export type Point = readonly [number, number];
type Plot = (x: number, y: number) => void;

/** Bresenham's line between the dots that hold the two points. */
export function strokeLine(from: Point, to: Point, plot: Plot): void {
  let [x, y] = [Math.floor(from[0]), Math.floor(from[1])];
  const [endX, endY] = [Math.floor(to[0]), Math.floor(to[1])];
  if (![x, y, endX, endY].every(Number.isFinite)) return;
  const [dx, dy] = [Math.abs(endX - x), -Math.abs(endY - y)];
  const [stepX, stepY] = [x < endX ? 1 : -1, y < endY ? 1 : -1];
  let error = dx + dy;
  for (;;) {
    plot(x, y);
    if (x === endX && y === endY) return;
    const twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x += stepX;
    }
    if (twice <= dx) {
      error += dx;
      y += stepY;
    }
  }
}

/** Dots whose centre lies inside, by the even-odd rule; a shape thinner than a dot keeps one. */
export function fillPolygons(paths: readonly (readonly Point[])[], plot: Plot): void {
  const points = paths.flat();
  if (points.length === 0) return;
  const ys = points.map(([, y]) => y);
  const [top, bottom] = [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys))];
  let drawn = 0;
  for (let row = top; row < bottom; row += 1) {
    const crossings = crossingsAt(paths, row + 0.5);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.ceil((crossings[i] as number) - 0.5);
      const to = Math.ceil((crossings[i + 1] as number) - 0.5);
      for (let x = from; x < to; x += 1) {
        plot(x, row);
        drawn += 1;
      }
    }
  }
  const [first] = points;
  if (drawn === 0 && first !== undefined) {
    const middle = (k: 0 | 1): number =>
      points.reduce((sum, point) => sum + point[k], 0) / points.length;
    plot(Math.floor(middle(0)), Math.floor(middle(1)));
  }
}

function crossingsAt(paths: readonly (readonly Point[])[], y: number): number[] {
  const found: number[] = [];
  for (const path of paths) {
    path.forEach((to, index) => {
      const from = path[index - 1] ?? path.at(-1);
      if (from === undefined || from[1] <= y === to[1] <= y) return;
      found.push(from[0] + ((y - from[1]) / (to[1] - from[1])) * (to[0] - from[0]));
    });
  }
  return found.sort((a, b) => a - b);
}
