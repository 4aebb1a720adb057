/** Sizes and durations: branded numbers, parsed and formatted. The only place that knows 1024. */
import { NairobiError } from './errors.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

export type Bytes = Branded<'bytes'>;
export type Milliseconds = Branded<'milliseconds'>;

export const bytes = (count: number): Bytes => count as Bytes;
export const milliseconds = (count: number): Milliseconds => count as Milliseconds;

export const KiB = bytes(1024);
export const MiB = bytes(1024 * 1024);
export const GiB = bytes(1024 * 1024 * 1024);

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

/** Reads "256MiB", "1.5G", "4096". K, M, G, T are powers of 1024; KB, MB, GB, TB of 1000. */
export function parseSize(text: string): Bytes {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = SIZE_UNITS[(match?.[2] ?? '?').toLowerCase()];
  if (match === null || unit === undefined) {
    throw new NairobiError('USAGE', `Cannot read "${text}" as a size`, {
      hint: 'write a number with a unit, such as 512MiB, 1.5G or 4096',
    });
  }
  return bytes(Math.round(Number(match[1]) * unit));
}

/** 1536 -> "1.5 KiB". */
export function formatBytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = count;
  let step = 0;
  while (Math.abs(value) >= 1024 && step < units.length - 1) {
    value /= 1024;
    step += 1;
  }
  const digits = step === 0 || Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1;
  return `${value.toFixed(digits)} ${units[step]}`;
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Reads "250ms", "30s", "5m", "12h", "30d", "2w". A bare number is seconds. */
export function parseDuration(text: string): Milliseconds {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = DURATION_UNITS[(match?.[2] || 's').toLowerCase()];
  if (match === null || unit === undefined) {
    throw new NairobiError('USAGE', `Cannot read "${text}" as a duration`, {
      hint: 'write a number with a unit, such as 250ms, 30s, 5m, 12h or 30d',
    });
  }
  return milliseconds(Number(match[1]) * unit);
}

/** 1234.5 -> "1.23 s"; 0.42 -> "0.42 ms". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes} min ${Math.round((ms - minutes * 60_000) / 1000)} s`;
}

/** 3.99e9 bytes a second -> "3.99 GB/s": decimal, as devices and fio state it. */
export function formatRate(bytesPerSecond: number): string {
  if (bytesPerSecond >= 1e9) return `${(bytesPerSecond / 1e9).toFixed(2)} GB/s`;
  return `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;
}

/** 1234567 -> "1,234,567". */
export function formatCount(count: number | bigint): string {
  return count.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** "1 row", "2,000 rows". */
export function formatCountOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
