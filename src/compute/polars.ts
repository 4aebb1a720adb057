/**
 * The one door to nodejs-polars: loaded when first asked for (27 ms), its traps closed here.
 * Measured traps of 0.26.1: async collect() runs the in-memory engine and turns a panic into
 * SIGABRT; SQLContext and some expressions return an Error instead of throwing it; Int64 leaves as
 * a rounded JS number through toRecords(); `str.strptime` is neither strict nor exact, so
 * "2024-02-31" becomes null and "2024-01-02 03:04:05.9" loses its fraction (see temporal.ts).
 */
import { createRequire } from 'node:module';
import type * as Polars from 'nodejs-polars';
import { messageOf, NairobiError } from '../errors.ts';
import { type ExprModule, type Namespaces, speedUpExpressions } from './fast-expr.ts';
import { type FrameModule, leaveFramesPlain } from './plain-frames.ts';

export type DataFrame = Polars.DataFrame;
export type LazyFrame = Polars.LazyDataFrame;
export type Expr = Polars.Expr;
export type Series = Polars.Series;
export type DataType = Polars.DataType;
export type PolarsModule = typeof Polars.default;

// The bundler takes this line away (scripts/bundled-polars.mjs) and the requires below into the
// bundle: finding the thirty files of the JavaScript half costs as much as running them.
const require = createRequire(import.meta.url);

const frames = (): FrameModule => require('nodejs-polars/bin/dataframe.js') as FrameModule;
const expressions = (): ExprModule => require('nodejs-polars/bin/lazy/expr/index.js') as ExprModule;

type NamespaceModule = Readonly<Record<string, (native: unknown) => unknown>>;

const textFunctions = (): NamespaceModule =>
  require('nodejs-polars/bin/lazy/expr/string.js') as NamespaceModule;
const timeFunctions = (): NamespaceModule =>
  require('nodejs-polars/bin/lazy/expr/datetime.js') as NamespaceModule;
const listFunctions = (): NamespaceModule =>
  require('nodejs-polars/bin/lazy/expr/list.js') as NamespaceModule;
const structFunctions = (): NamespaceModule =>
  require('nodejs-polars/bin/lazy/expr/struct.js') as NamespaceModule;

/** The getters of an expression; list and lst are the same. */
const NAMESPACES: Namespaces = {
  str: (native) => textFunctions()['ExprStringFunctions']?.(native),
  dt: (native) => timeFunctions()['ExprDateTimeFunctions']?.(native),
  list: (native) => listFunctions()['ExprListFunctions']?.(native),
  lst: (native) => listFunctions()['ExprListFunctions']?.(native),
  struct: (native) => structFunctions()['ExprStructFunctions']?.(native),
};

let loaded: PolarsModule | undefined;

/** The module, loaded on first use. POLARS_* variables must be set before. */
export function polars(): PolarsModule {
  if (loaded === undefined) {
    // A panic is thrown as an error; its backtrace on stderr helps nobody.
    process.env['RUST_BACKTRACE'] ??= '0';
    try {
      loaded = require('nodejs-polars') as PolarsModule;
      speedUpExpressions(expressions(), NAMESPACES);
      leaveFramesPlain(frames());
    } catch (cause) {
      throw new NairobiError('HOST', `Cannot load nodejs-polars: ${messageOf(cause)}`, {
        cause,
        hint: /failed to map|cannot allocate/i.test(messageOf(cause))
          ? 'there is too little memory, or the limit on virtual memory (ulimit -v) is too low'
          : 'run "nairobi doctor"; on an old Node npm skips its binary package: reinstall under Node 24',
      });
    }
  }
  return loaded;
}

let engine: 'streaming' | 'in-memory' = 'streaming';

/**
 * Plans that `work` runs are computed at once instead of in streams. For few rows alone: it takes a
 * tenth of the time, and memory for all of them.
 */
export function atOnce<T>(work: () => T): T {
  const before = engine;
  engine = 'in-memory';
  try {
    return work();
  } finally {
    engine = before;
  }
}

/** Runs the plan now, in streams, and throws what Polars returns as an Error. */
export function collect(frame: LazyFrame): DataFrame {
  const native: unknown = (frame as unknown as { _ldf?: unknown })._ldf;
  if (native instanceof Error) throw native;
  const result: unknown = frame.collectSync({ engine } as never);
  if (result instanceof Error) throw result;
  return result as DataFrame;
}

export function isLazy(frame: DataFrame | LazyFrame): frame is LazyFrame {
  return '_ldf' in frame;
}

export function toLazy(frame: DataFrame | LazyFrame): LazyFrame {
  return isLazy(frame) ? frame : frame.lazy();
}

export function toFrame(frame: DataFrame | LazyFrame): DataFrame {
  return isLazy(frame) ? collect(frame) : frame;
}

/**
 * The column of exactly this name. `pl.col` takes "*" for all columns and "^...$" for a regular
 * expression; a file may have columns that are named so.
 */
export function col(name: string): Expr {
  const isPattern = name === '*' || (name.startsWith('^') && name.endsWith('$'));
  if (!isPattern) return polars().col(name);
  return polars().col(`^${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
}

/** The native half of an expression: more methods than the JS half passes on. */
export function nativeExpr(expr: Expr): Readonly<Record<string, (...args: never[]) => unknown>> {
  return (expr as unknown as { _expr: Record<string, (...args: never[]) => unknown> })._expr;
}

/** An expression from what a native call gave; throws what came back as an Error. */
export function fromNative(native: unknown): Expr {
  if (native instanceof Error) throw native;
  const { _Expr } = require('nodejs-polars/bin/lazy/expr/index.js') as {
    _Expr(native: unknown): Expr;
  };
  return _Expr(native);
}

/**
 * The expression, or a throw where Polars put an Error in its place (over, lit, convertTimeZone,
 * minHorizontal, maxHorizontal, sumHorizontal, concatList are known to do so).
 */
export function checkedExpr(expr: Expr): Expr {
  const native: unknown = (expr as unknown as { _expr?: unknown })._expr;
  if (native instanceof Error) throw native;
  return expr;
}

/** What Polars says, without the advice about its own parameters and the plan dump. */
export function polarsMessage(thrown: unknown): string {
  const [first = ''] = messageOf(thrown).split(/\n\s*\n|\n\nResolved plan|\nThis error occurred/);
  return first.trim().replace(/\s*\n\s*/g, ' ');
}
