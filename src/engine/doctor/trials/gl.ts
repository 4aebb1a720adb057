/** Opens a GL context, counts some points with it, and compares them with the plain code's. */
import { messageOf } from '../../../errors.ts';
import type { GlTrial } from '../../../host/observed.ts';
import { type GlContext, openEglContext, openOsMesaContext } from '../../../render/gl/context.ts';
import { glCounter } from '../../../render/gl/points.ts';
import { type Batch, cpuCounter } from '../../../render/reduce/hist2d.ts';
import type { GlChoice } from '../../../render/request.ts';

export function tryGl({ choice }: { readonly choice: GlChoice }): GlTrial {
  const { context, reasons } = openGl(choice);
  if (context === undefined) {
    const message = reasons.join('; ') || 'no GL context';
    return {
      attempt: { outcome: 'failed', message },
      backend: undefined,
      renderer: undefined,
      hardware: false,
    };
  }
  const found = { backend: context.kind, renderer: context.renderer, hardware: !context.software };
  try {
    const exact = countsAlike(context);
    return exact
      ? { attempt: { outcome: 'ok' }, ...found }
      : { attempt: { outcome: 'failed', message: `${context.renderer} counts wrongly` }, ...found };
  } catch (error) {
    return { attempt: { outcome: 'failed', message: messageOf(error) }, ...found };
  }
}

/** The context a choice means; "auto" takes the first of the whole chain. */
export function openGl(choice: GlChoice): { context?: GlContext; reasons: readonly string[] } {
  if (choice === 'osmesa') return openOsMesaContext();
  const egl = openEglContext(choice === 'gpu');
  if (egl.context !== undefined || choice !== 'auto') return egl;
  const osmesa = openOsMesaContext();
  return { ...osmesa, reasons: [...egl.reasons, ...osmesa.reasons] };
}

const SIZE = { width: 64, height: 48 };
const POINTS = 20_000;

/** Points on and beside pixel edges, beyond the picture and not numbers at all. */
function countsAlike(context: GlContext): boolean {
  const xs = Float32Array.from({ length: POINTS }, (_, i) => ((i * 7919) % 66_000) / 1000 - 1);
  const ys = Float32Array.from({ length: POINTS }, (_, i) => ((i * 104_729) % 49_000) / 1000);
  xs.set([0, 64, Number.NaN, Number.POSITIVE_INFINITY]);
  const batch: Batch = { xs, ys, codes: undefined, plane: 0, perX: 1, perY: 1 };
  const [gl, cpu] = [glCounter(context, SIZE, 1), cpuCounter(SIZE, 1)];
  gl.add(batch);
  cpu.add(batch);
  const [mine, theirs] = [cpu.finish()[0], gl.finish()[0]];
  return mine?.every((count, index) => count === theirs?.[index]) ?? false;
}
