/** A Vega view of a specification and its rows, without a screen. */
import type { Spec as VegaSpec, View } from 'vega';
import { messageOf, NairobiError } from '../errors.ts';
import type { Row, Spec } from './chart.ts';
import { refusingLoader } from './loader.ts';
import { vegaModules } from './vega.ts';

export interface ViewOptions {
  readonly config: Spec;
  /** User specifications run under the interpreter instead of generated code. */
  readonly interpret?: boolean;
  readonly loader?: object;
  readonly seed: number;
  warn(text: string): void;
}

/** Vega-Lite to Vega, with the rows put in by name. */
export async function compileSpec(
  spec: Spec,
  datasets: Readonly<Record<string, readonly Row[]>>,
  options: ViewOptions,
): Promise<VegaSpec> {
  const { vegaLite } = await vegaModules();
  const config = publicConfig(options.config) as never;
  const logger = loggerTo(options.warn) as never;
  const { spec: compiled } = await byVega(options, () =>
    vegaLite.compile(spec as never, { config, logger }),
  );
  return withRows(compiled as unknown as VegaSpec, datasets);
}

/** What Vega throws over our own specification is no fault of the rows. */
async function byVega<T>({ interpret }: ViewOptions, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (interpret === true) throw cause;
    throw new NairobiError('NOT_SUPPORTED', `Vega cannot draw this chart: ${messageOf(cause)}`, {
      cause,
      hint: 'other names of columns or another --mark may help; please report it',
    });
  }
}

/** Our own keys of a config start with an underscore and stay here. */
export function publicConfig(config: Spec): Spec {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith('_')));
}

function withRows(spec: VegaSpec, datasets: Readonly<Record<string, readonly Row[]>>): VegaSpec {
  const data = (spec.data ?? []).map((entry) => {
    const rows = datasets[entry.name];
    return rows === undefined ? entry : { ...entry, values: rows };
  });
  return { ...spec, data } as VegaSpec;
}

/** Parses and runs; what Vega logs as a warning or an error goes to `warn`. */
export async function runView(spec: VegaSpec, options: ViewOptions): Promise<View> {
  const { vega } = await vegaModules();
  const random = vega as unknown as {
    setRandom(source: unknown): void;
    randomLCG(seed: number): unknown;
  };
  random.setRandom(random.randomLCG(options.seed));
  const expr = options.interpret === true ? await interpreter() : undefined;
  return byVega(options, () => {
    const runtime = vega.parse(spec, undefined, options.interpret === true ? { ast: true } : {});
    const view = new vega.View(runtime, {
      renderer: 'none',
      loader: options.loader ?? refusingLoader(),
      logger: loggerTo(options.warn),
      ...(expr === undefined ? {} : { expr }),
    } as never);
    return view.runAsync();
  });
}

async function interpreter(): Promise<unknown> {
  return (await import('vega-interpreter')).expressionInterpreter;
}

/** A logger of Vega's shape; "level" returns the logger when it sets and a number when it asks. */
export function loggerTo(warn: (text: string) => void): object {
  const say = (...parts: readonly unknown[]): object => {
    warn(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
    return logger;
  };
  const silent = (): object => logger;
  const logger = {
    level: (value?: number) => (value === undefined ? 2 : logger),
    error: say,
    warn: say,
    info: silent,
    debug: silent,
  };
  return logger;
}
