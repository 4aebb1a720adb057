/** Which backend counts the points, and why. */
import { NairobiError } from '../../errors.ts';
import { formatCount, formatDuration } from '../../units.ts';
import { type Counter, cpuCounter, type GridSize } from '../reduce/hist2d.ts';
import type { GlChoice } from '../request.ts';

export type GlProbe =
  | { readonly works: true; readonly renderer: string; readonly hardware: boolean }
  | { readonly works: false; readonly reason: string };

/** Asks in another process; given by the engine, which owns processes. */
export type ProbeGl = (choice: GlChoice) => Promise<GlProbe>;

export interface Chosen {
  readonly counter: Counter;
  readonly reason: string;
}

/** The plain code: 3 to 9 ns a point on two cores of a 2-core VM, read included. */
const CPU_NS_PER_POINT = 6;
/** A driver's context and the upload cost a few hundred milliseconds before the first point. */
const GPU_WORTH_MS = 500;

/** HOST when --gl names a backend that this host lacks; "auto" never fails. */
export async function chooseCounter(
  choice: GlChoice,
  size: GridSize,
  planes: number,
  points: number,
  probe: ProbeGl,
): Promise<Chosen> {
  const cpu = (reason: string): Chosen => ({ counter: cpuCounter(size, planes), reason });
  if (choice === 'cpu') return cpu('--gl cpu');
  if (choice !== 'auto') return explicit(choice, size, planes, probe);
  const estimate = (points * CPU_NS_PER_POINT) / 1e6;
  const about = `${formatCount(points)} points take about ${formatDuration(estimate)} on the processor`;
  if (estimate < GPU_WORTH_MS) return cpu(`${about}, less than opening a GPU`);
  const found = await probe('gpu');
  if (!found.works) return cpu(`${about}, and there is no GPU: ${found.reason}`);
  const counter = await openCounter('gpu', size, planes);
  return counter === undefined ? cpu(about) : { counter, reason: `${about}, and there is a GPU` };
}

async function explicit(
  choice: GlChoice,
  size: GridSize,
  planes: number,
  probe: ProbeGl,
): Promise<Chosen> {
  const found = await probe(choice);
  const counter = found.works ? await openCounter(choice, size, planes) : undefined;
  if (counter !== undefined) return { counter, reason: `--gl ${choice}` };
  throw new NairobiError(
    'HOST',
    `--gl ${choice} does not work here: ${found.works ? 'no context' : found.reason}`,
    {
      hint: HINTS[choice] ?? 'use --gl auto',
    },
  );
}

const HINTS: Partial<Record<GlChoice, string>> = {
  gpu: 'run "nairobi doctor --only render"; without graphics hardware use --gl auto',
  egl: 'install libegl1, libegl-mesa0 and libgl1-mesa-dri, or use --gl auto',
  osmesa: 'install libosmesa6, or use --gl auto',
};

async function openCounter(
  choice: GlChoice,
  size: GridSize,
  planes: number,
): Promise<Counter | undefined> {
  const { openEglContext, openOsMesaContext } = await import('./context.ts');
  const { glCounter } = await import('./points.ts');
  const { context } = choice === 'osmesa' ? openOsMesaContext() : openEglContext(choice === 'gpu');
  return context === undefined ? undefined : glCounter(context, size, planes);
}
