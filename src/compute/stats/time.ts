/** Points and lengths of time as text, to the nanosecond. */

const SECOND = 1_000_000_000n;

/** ticks of unitNs since 1970 -> "2025-01-01T00:00:00", with as many decimals as there are. */
export function formatTime(ticks: bigint, unitNs: number, dateOnly: boolean): string {
  const ns = ticks * BigInt(unitNs);
  const seconds = ns >= 0n ? ns / SECOND : -((SECOND - 1n - ns) / SECOND);
  const rest = ns - seconds * SECOND;
  const ms = Number(seconds) * 1000;
  // Date covers the years -271821 to 275760; beyond it only the number is certain.
  if (Math.abs(ms) > 8.64e15) return `${seconds} s`;
  const text = new Date(ms).toISOString();
  if (dateOnly) return text.slice(0, text.indexOf('T'));
  const digits = rest.toString().padStart(9, '0').replace(/0+$/, '');
  return `${text.slice(0, text.indexOf('.'))}${digits === '' ? '' : `.${digits}`}`;
}

const UNITS: readonly (readonly [name: string, ns: bigint])[] = [
  ['d', 86_400n * SECOND],
  ['h', 3_600n * SECOND],
  ['min', 60n * SECOND],
  ['s', SECOND],
  ['ms', 1_000_000n],
  ['us', 1_000n],
  ['ns', 1n],
];

/** 90061000000000 -> "1 d 1 h 1 min 1 s": exact, no rounding. */
export function formatNanoseconds(ns: bigint): string {
  if (ns === 0n) return '0 s';
  let rest = ns < 0n ? -ns : ns;
  const parts: string[] = [];
  for (const [name, size] of UNITS) {
    const count = rest / size;
    rest -= count * size;
    if (count > 0n) parts.push(`${count} ${name}`);
  }
  return (ns < 0n ? '-' : '') + parts.join(' ');
}

/** 3661500000000 -> "01:01:01.5"; what is no time of a day (a fence beyond it) as a length. */
export function formatTimeOfDay(ns: bigint): string {
  if (ns < 0n || ns >= 86_400n * SECOND) return formatNanoseconds(ns);
  return formatTime(ns, 1, false).slice('1970-01-01T'.length);
}
