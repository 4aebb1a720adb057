/**
 * The one door to nodejs-polars: loaded when first asked for (27 ms), its traps closed here.
 * Measured traps: async collect() runs the in-memory engine and turns a panic into SIGABRT;
 * SQLContext and some expressions return an Error instead of throwing it; Int64 leaves as a
 * rounded JS number through toRecords().
 */
import { createRequire } from 'node:module';
import type * as Polars from 'nodejs-polars';
import { messageOf, NairobiError } from '../errors.ts';

export type DataFrame = Polars.DataFrame;
export type LazyFrame = Polars.LazyDataFrame;
export type Expr = Polars.Expr;
export type Series = Polars.Series;
export type PolarsModule = typeof Polars.default;

let loaded: PolarsModule | undefined;

/** The module, loaded on first use. POLARS_* variables must be set before. */
export function polars(): PolarsModule {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)('nodejs-polars') as PolarsModule;
    } catch (cause) {
      throw new NairobiError('HOST', `Cannot load nodejs-polars: ${messageOf(cause)}`, {
        cause,
        hint: 'run "nairobi doctor"; on an old Node npm skips its binary package: reinstall under Node 24',
      });
    }
  }
  return loaded;
}

/** Runs the plan now, on the streaming engine, and throws what Polars returns as an Error. */
export function collect(frame: LazyFrame): DataFrame {
  const result: unknown = frame.collectSync({ engine: 'streaming' } as never);
  if (result instanceof Error) throw result;
  return result as DataFrame;
}
