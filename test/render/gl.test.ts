import { describe, expect, test } from 'vitest';
import { probeGl } from '../../src/engine/doctor/gl-probe.ts';
import { openGl, tryGl } from '../../src/engine/doctor/trials/gl.ts';
import { chooseCounter } from '../../src/render/gl/choose.ts';
import { glDiscCounter } from '../../src/render/gl/discs.ts';
import { glLineCounter } from '../../src/render/gl/lines.ts';
import { glCounter } from '../../src/render/gl/points.ts';
import { pointWork } from '../../src/render/gl/work.ts';
import { cpuDiscCounter, discMask } from '../../src/render/reduce/discs.ts';
import { type Batch, cpuCounter } from '../../src/render/reduce/hist2d.ts';
import { cpuLineCounter, Pen } from '../../src/render/reduce/lines.ts';

const full = process.env['NAIROBI_TEST_FULL'] === '1';
const SIZE = { width: 321, height: 123 };

/** Numerical Recipes' generator: the same points in every run. */
function points(
  count: number,
  seed: number,
): { xs: Float32Array; ys: Float32Array; codes: Uint8Array } {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const xs = Float32Array.from({ length: count }, () => next() * 1.02 - 0.01);
  const ys = Float32Array.from({ length: count }, () => (next() + next()) / 2);
  return { xs, ys, codes: Uint8Array.from(xs, (_, i) => i % 3) };
}

describe.each(['egl', 'osmesa'] as const)('--gl %s', (choice) => {
  const trial = tryGl({ choice });
  const works = trial.attempt.outcome === 'ok';
  const why = trial.attempt.outcome === 'failed' ? trial.attempt.message : trial.attempt.outcome;
  if (!works) console.warn(`skipped: --gl ${choice}: ${why}`);

  test.skipIf(!works)('counts exactly what the processor counts, plane by plane', () => {
    const { xs, ys, codes } = points(full ? 400_000 : 100_000, 7);
    xs.set([0, 1, Number.NaN, Number.POSITIVE_INFINITY, -1]);
    const scale = { perX: Math.fround(SIZE.width), perY: Math.fround(SIZE.height) };
    const batches: Batch[] = [
      { xs, ys, codes, plane: 0, ...scale },
      { xs, ys, codes: undefined, plane: 2, ...scale },
    ];
    const { context } = openGl(choice);
    if (context === undefined) throw new Error('the probe opened a context and this did not');
    const [gl, cpu] = [glCounter(context, SIZE, 3), cpuCounter(SIZE, 3)];
    for (const batch of batches) {
      gl.add(batch);
      cpu.add(batch);
    }
    expect(gl.finish()).toEqual(cpu.finish());
  });

  test.skipIf(!works).each([1.5, 4, 9])(
    'adds up discs of %d pixels as the processor does',
    (wide) => {
      const { xs, ys, codes } = points(20_000, 11);
      xs.set([0, 1, Number.NaN, 1, 0]);
      ys.set([0, 1, 0.5, 0, 1]);
      const { context } = openGl(choice);
      if (context === undefined) throw new Error('the probe opened a context and this did not');
      const mask = discMask(wide);
      const [gl, cpu] = [glDiscCounter(context, SIZE, 3, mask), cpuDiscCounter(SIZE, 3, mask)];
      const scale = { perX: Math.fround(SIZE.width), perY: Math.fround(SIZE.height) };
      for (const counter of [gl, cpu]) counter.add({ xs, ys, codes, plane: 0, ...scale });
      const counts = cpu.finish();
      expect(gl.finish()).toEqual(counts);
      expect(counts.every((plane) => plane.some((count) => count > 16))).toBe(true);
    },
  );

  test.skipIf(!works)('sends lines through the pixels they take on the processor', () => {
    const { xs, ys, codes } = points(full ? 60_000 : 20_000, 13);
    const pen = new Pen(SIZE);
    xs.forEach((x, i) => {
      if (i % 1000 === 0) pen.lift();
      const near = i % 3 === 0;
      const [px, py] = near ? [x, ys[i] as number] : [((i % 1000) / 1000) * 1.2 - 0.1, 0.5 + x / 9];
      pen.to(px * SIZE.width, py * SIZE.height, codes[i] as number);
    });
    const segments = pen.take();
    const { context } = openGl(choice);
    if (context === undefined) throw new Error('the probe opened a context and this did not');
    const [gl, cpu] = [glLineCounter(context, SIZE, 3), cpuLineCounter(SIZE, 3)];
    for (const counter of [gl, cpu]) counter.add(segments);
    expect(gl.finish()).toEqual(cpu.finish());
  });

  test.skipIf(!works)('works in the child process that probes it', async () => {
    expect(await probeGl(choice)).toMatchObject({ works: true, hardware: false });
  });
});

describe('the choice of a backend', () => {
  const size = { width: 10, height: 10 };

  test('auto does not ask for a GPU when the processor is faster', async () => {
    const never = () => Promise.reject(new Error('asked'));
    const { counter, reason } = await chooseCounter('auto', pointWork(size, 1, 10_000_000), never);
    expect(counter.name).toBe('cpu');
    expect(reason).toContain('10,000,000 points take about 60 ms');
  });

  test('auto counts on the processor when there is no GPU for many points', async () => {
    const none = async () => ({ works: false, reason: 'no device' }) as const;
    const { counter, reason } = await chooseCounter('auto', pointWork(size, 1, 200_000_000), none);
    expect(counter.name).toBe('cpu');
    expect(reason).toContain('no device');
  });

  test('a backend asked for by name fails loudly where it is missing', async () => {
    const none = async () => ({ works: false, reason: 'libOSMesa.so.8: not found' }) as const;
    const failed = chooseCounter('osmesa', pointWork(size, 1, 10), none);
    await expect(failed).rejects.toMatchObject({
      code: 'HOST',
      hint: expect.stringContaining('libosmesa6'),
    });
  });
});
