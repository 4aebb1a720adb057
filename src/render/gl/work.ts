/** What there is to count, what it costs, and how each backend does it. */
import { formatCount, formatCountOf } from '../../units.ts';
import { cpuDiscCounter, discMask } from '../reduce/discs.ts';
import { type Batch, type Counter, cpuCounter, type GridSize } from '../reduce/hist2d.ts';
import { cpuLineCounter, type Segments } from '../reduce/lines.ts';
import type { GlContext } from './context.ts';

export interface Work<Batch> {
  /** "10,000,000 points". */
  readonly what: string;
  /** Estimated for the plain code, reading included. */
  readonly cpuMs: number;
  cpu(): Counter<Batch>;
  gl(context: GlContext): Promise<Counter<Batch>>;
}

/** 3 to 9 ns a point on a virtual machine with two cores, a disc's pixel and a segment likewise. */
const POINT_NS = 6;
const DISC_PIXEL_NS = 2;
const SEGMENT_NS = 50;

export function pointWork(size: GridSize, planes: number, points: number): Work<Batch> {
  return {
    what: `${formatCountOf(points, 'point')}`,
    cpuMs: (points * POINT_NS) / 1e6,
    cpu: () => cpuCounter(size, planes),
    gl: async (context) => (await import('./points.ts')).glCounter(context, size, planes),
  };
}

export function discWork(
  size: GridSize,
  planes: number,
  points: number,
  diameterPx: number,
): Work<Batch> {
  const mask = discMask(diameterPx);
  return {
    what: `${formatCountOf(points, 'disc')}`,
    cpuMs: (points * (POINT_NS + mask.length * DISC_PIXEL_NS)) / 1e6,
    cpu: () => cpuDiscCounter(size, planes, mask),
    gl: async (context) => (await import('./discs.ts')).glDiscCounter(context, size, planes, mask),
  };
}

export function lineWork(size: GridSize, planes: number, segments: number): Work<Segments> {
  return {
    what: `${formatCount(segments)} steps of lines`,
    cpuMs: (segments * SEGMENT_NS) / 1e6,
    cpu: () => cpuLineCounter(size, planes),
    gl: async (context) => (await import('./lines.ts')).glLineCounter(context, size, planes),
  };
}
