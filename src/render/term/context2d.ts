/**
 * As much of CanvasRenderingContext2D as Vega's canvas renderer calls, drawn as dots of a
 * character screen: so every mark there is also draws in a terminal. One dot is 4 x 4 CSS pixels,
 * one cell 8 x 16.
 */
import { parseHex } from '../shade/colors.ts';
import { widthOf } from '../table.ts';
import { type DotScreen, printable } from './dots.ts';
import { fillPolygons, type Point, strokeLine } from './raster.ts';

export const DOT_PX = 4;
export const CELL_PX = { width: 8, height: 16 } as const;

/** Wide characters take two cells, those that join the one before none. */
export const cellWidth = (text: string): number => widthOf(printable(text)) * CELL_PX.width;

interface State {
  fillStyle: unknown;
  strokeStyle: unknown;
  globalAlpha: number;
  lineWidth: number;
  font: string;
  textAlign: string;
  transform: readonly [number, number, number, number, number, number];
  clip: readonly [number, number, number, number] | undefined;
}

const START: State = {
  fillStyle: '#000000',
  strokeStyle: '#000000',
  globalAlpha: 1,
  lineWidth: 1,
  font: '',
  textAlign: 'left',
  transform: [1, 0, 0, 1, 0, 0],
  clip: undefined,
};

/** Fainter than this is not drawn: dots are there or not. */
const MIN_ALPHA = 0.08;
/** Pieces a curve is cut into. */
const CURVE_STEPS = 12;

export class DotContext {
  readonly #screen: DotScreen;
  readonly #saved: State[] = [];
  #state: State = { ...START };
  #paths: Point[][] = [];

  constructor(screen: DotScreen) {
    this.#screen = screen;
  }

  set fillStyle(style: unknown) {
    this.#state.fillStyle = style;
  }
  get fillStyle(): unknown {
    return this.#state.fillStyle;
  }
  set strokeStyle(style: unknown) {
    this.#state.strokeStyle = style;
  }
  get strokeStyle(): unknown {
    return this.#state.strokeStyle;
  }
  set globalAlpha(alpha: number) {
    this.#state.globalAlpha = alpha;
  }
  get globalAlpha(): number {
    return this.#state.globalAlpha;
  }
  set lineWidth(width: number) {
    this.#state.lineWidth = width;
  }
  set font(font: string) {
    this.#state.font = font;
  }
  set textAlign(align: string) {
    this.#state.textAlign = align;
  }

  save(): void {
    this.#saved.push({ ...this.#state });
  }
  restore(): void {
    this.#state = this.#saved.pop() ?? { ...START };
  }

  translate(x: number, y: number): void {
    this.transform(1, 0, 0, 1, x, y);
  }
  scale(x: number, y: number): void {
    this.transform(x, 0, 0, y, 0, 0);
  }
  rotate(angle: number): void {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.transform(cos, sin, -sin, cos, 0, 0);
  }
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    this.#state.transform = [a, b, c, d, e, f];
  }
  transform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    const [A, B, C, D, E, F] = this.#state.transform;
    this.#state.transform = [
      A * a + C * b,
      B * a + D * b,
      A * c + C * d,
      B * c + D * d,
      A * e + C * f + E,
      B * e + D * f + F,
    ];
  }

  beginPath(): void {
    this.#paths = [];
  }
  moveTo(x: number, y: number): void {
    this.#paths.push([this.#at(x, y)]);
  }
  lineTo(x: number, y: number): void {
    const path = this.#paths.at(-1);
    if (path === undefined) this.moveTo(x, y);
    else path.push(this.#at(x, y));
  }
  closePath(): void {
    const path = this.#paths.at(-1);
    if (path?.[0] !== undefined) path.push(path[0]);
  }
  rect(x: number, y: number, w: number, h: number): void {
    this.moveTo(x, y);
    this.lineTo(x + w, y);
    this.lineTo(x + w, y + h);
    this.lineTo(x, y + h);
    this.closePath();
  }
  arc(x: number, y: number, r: number, from: number, to: number): void {
    const steps = Math.max(4, Math.min(24, Math.ceil(r)));
    for (let i = 0; i <= steps; i += 1) {
      const angle = from + ((to - from) * i) / steps;
      const [px, py] = [x + r * Math.cos(angle), y + r * Math.sin(angle)];
      if (i === 0 && this.#paths.length === 0) this.moveTo(px, py);
      else this.lineTo(px, py);
    }
  }
  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    const path = this.#paths.at(-1);
    const start = path?.at(-1);
    if (path === undefined || start === undefined) {
      this.moveTo(x, y);
      return;
    }
    const [a, b, c] = [this.#at(x1, y1), this.#at(x2, y2), this.#at(x, y)];
    for (let i = 1; i <= CURVE_STEPS; i += 1) {
      const [t, u] = [i / CURVE_STEPS, 1 - i / CURVE_STEPS];
      const mix = (k: 0 | 1): number =>
        u ** 3 * start[k] + 3 * u * u * t * a[k] + 3 * u * t * t * b[k] + t ** 3 * c[k];
      path.push([mix(0), mix(1)]);
    }
  }
  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void {
    this.bezierCurveTo(x1, y1, x1, y1, x, y);
  }

  /** Vega clips to rectangles: their bounds are kept. */
  clip(): void {
    const points = this.#paths.flat();
    if (points.length === 0) return;
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [l, t, r, b] = this.#state.clip ?? [
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ];
    this.#state.clip = [
      Math.max(l, Math.min(...xs)),
      Math.max(t, Math.min(...ys)),
      Math.min(r, Math.max(...xs)),
      Math.min(b, Math.max(...ys)),
    ];
  }

  fill(): void {
    const color = this.#ink(this.#state.fillStyle);
    if (color === undefined) return;
    fillPolygons(this.#paths, (x, y) => this.#dot(x, y, color));
  }
  stroke(): void {
    const color = this.#ink(this.#state.strokeStyle);
    if (color === undefined) return;
    for (const path of this.#paths) {
      path.forEach((point, index) => {
        const from = path[index - 1];
        if (from !== undefined) strokeLine(from, point, (x, y) => this.#dot(x, y, color));
      });
    }
  }
  fillRect(x: number, y: number, w: number, h: number): void {
    this.beginPath();
    this.rect(x, y, w, h);
    this.fill();
  }
  /** Text sits in the cell its middle falls into; turned text has no place in a terminal. */
  fillText(text: string, x: number, y: number): void {
    const color = this.#ink(this.#state.fillStyle);
    const [, turned] = this.#state.transform;
    if (color === undefined || Math.abs(turned) > 1e-6) return;
    const [px, py] = this.#at(x, y - FONT_PX * 0.3);
    const shown = printable(text);
    const left =
      px * DOT_PX -
      (this.#state.textAlign === 'center' ? 0.5 : this.#state.textAlign === 'right' ? 1 : 0) *
        cellWidth(shown);
    this.#screen.text(
      Math.round(left / CELL_PX.width),
      Math.floor((py * DOT_PX) / CELL_PX.height),
      shown,
      -1,
    );
  }
  /** An image of counts: a dot where any of the pixels it covers is set. */
  drawImage(
    image: { rgba?: Uint8ClampedArray; width: number; height: number },
    x: number,
    y: number,
    w: number,
    h: number,
  ): void {
    const { rgba, width, height } = image;
    if (rgba === undefined) return;
    const [left, top] = this.#at(x, y);
    const [right, bottom] = this.#at(x + w, y + h);
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const at = 4 * (row * width + column);
        if (rgba[at + 3] === 0) continue;
        const color =
          ((rgba[at] as number) << 16) | ((rgba[at + 1] as number) << 8) | (rgba[at + 2] as number);
        this.#dot(
          Math.floor(left + ((column + 0.5) / width) * (right - left)),
          Math.floor(top + ((row + 0.5) / height) * (bottom - top)),
          color,
        );
      }
    }
  }

  measureText(text: string): { width: number } {
    return { width: cellWidth(text) };
  }
  createLinearGradient(): { addColorStop(): void } {
    return { addColorStop: () => {} };
  }
  clearRect(): void {}
  strokeText(): void {}
  setLineDash(): void {}
  arcTo(): void {}

  #at(x: number, y: number): Point {
    const [a, b, c, d, e, f] = this.#state.transform;
    return [(a * x + c * y + e) / DOT_PX, (b * x + d * y + f) / DOT_PX];
  }

  #dot(x: number, y: number, color: number): void {
    const { clip } = this.#state;
    if (
      clip !== undefined &&
      (x < Math.floor(clip[0]) || y < Math.floor(clip[1]) || x > clip[2] || y > clip[3])
    )
      return;
    this.#screen.dot(x, y, color);
  }

  /** The colour of a style, -1 for the terminal's own; undefined when it would not be seen. */
  #ink(style: unknown): number | undefined {
    if (this.#state.globalAlpha < MIN_ALPHA || typeof style !== 'string') return undefined;
    if (style === 'transparent' || style === 'none') return undefined;
    if (style === INK) return -1;
    const [r = 0, g = 0, b = 0] =
      style.startsWith('#') || style.startsWith('rgb') ? parseHex(style) : [];
    return (r << 16) | (g << 8) | b;
  }
}

/** The colour of axes and text: whatever the terminal writes with. */
export const INK = '#010203';
export const FONT_PX = 13;
