/**
 * Text to dates and back, strictly. The public `str.strptime` passes strict and exact as false
 * (nodejs-polars bin/lazy/expr/string.js); its native half takes both, and 0.26.1 then refuses
 * "2024-02-31" and "2024-01-02x" (measured; 0.15 us a value, cached).
 */
import { type Expr, fromNative, nativeExpr } from './polars.ts';

export type TimeUnit = 'ms' | 'us' | 'ns';

type NativeCall = (...args: readonly unknown[]) => unknown;

/** Text by a chrono format such as "%d/%m/%Y"; a text that does not fit throws when collected. */
export function parseDate(text: Expr, format: string, strict = true): Expr {
  const native = nativeExpr(text);
  return fromNative((native['strToDate'] as NativeCall).call(native, format, strict, true, true));
}

/** As parseDate. A format with %z, %#z or %+ gives UTC; `unit` finer than the text loses nothing. */
export function parseDatetime(
  text: Expr,
  format: string,
  unit: TimeUnit = 'us',
  strict = true,
): Expr {
  const native = nativeExpr(text);
  const call = native['strToDatetime'] as NativeCall;
  return fromNative(call.call(native, format, unit, undefined, strict, true, true, undefined));
}
