/** Which backend counts, and why. */
import { NairobiError } from '../../errors.ts';
import { formatDuration } from '../../units.ts';
import type { Counter } from '../reduce/hist2d.ts';
import type { GlChoice } from '../request.ts';
import type { GlContext } from './context.ts';
import type { Work } from './work.ts';

export type GlProbe =
  | { readonly works: true; readonly renderer: string; readonly hardware: boolean }
  | { readonly works: false; readonly reason: string };

/** Asks in another process; given by the engine, which owns processes. */
export type ProbeGl = (choice: GlChoice) => Promise<GlProbe>;

export interface Chosen<Batch> {
  readonly counter: Counter<Batch>;
  readonly reason: string;
}

/** A driver's context and the upload cost a few hundred milliseconds before the first point. */
const GPU_WORTH_MS = 500;

/** HOST when --gl names a backend that this host lacks; "auto" never fails. */
export async function chooseCounter<Batch>(
  choice: GlChoice,
  work: Work<Batch>,
  probe: ProbeGl,
): Promise<Chosen<Batch>> {
  const cpu = (reason: string): Chosen<Batch> => ({ counter: work.cpu(), reason });
  if (choice === 'cpu') return cpu('--gl cpu');
  if (choice !== 'auto') return explicit(choice, work, probe);
  const estimate = work.cpuMs;
  const about = `${work.what} take about ${formatDuration(estimate)} on the processor`;
  if (estimate < GPU_WORTH_MS) return cpu(`${about}, less than opening a GPU`);
  const found = await probe('gpu');
  if (!found.works) return cpu(`${about}, and there is no GPU: ${found.reason}`);
  const context = await openContext('gpu');
  if (context === undefined) return cpu(about);
  return { counter: await work.gl(context), reason: `${about}, and there is a GPU` };
}

async function explicit<Batch>(
  choice: GlChoice,
  work: Work<Batch>,
  probe: ProbeGl,
): Promise<Chosen<Batch>> {
  const found = await probe(choice);
  const context = found.works ? await openContext(choice) : undefined;
  if (context !== undefined) return { counter: await work.gl(context), reason: `--gl ${choice}` };
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

async function openContext(choice: GlChoice): Promise<GlContext | undefined> {
  const { openEglContext, openOsMesaContext } = await import('./context.ts');
  const { context } = choice === 'osmesa' ? openOsMesaContext() : openEglContext(choice === 'gpu');
  return context;
}
