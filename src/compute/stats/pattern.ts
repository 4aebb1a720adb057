/** What kind of text a column holds. */

const DAY = String.raw`\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`;
const BYTE = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';

/** The first that fits names the column. */
const PATTERNS: readonly (readonly [name: string, shape: RegExp])[] = [
  ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  ['e-mail', /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/],
  ['url', /^[a-z][a-z0-9+.-]*:\/\/[^\s/]+\S*$/i],
  ['ipv4', new RegExp(`^${BYTE}(\\.${BYTE}){3}$`)],
  ['ipv6', /^(?=.*::|(?:[^:]*:){7})[0-9a-f:]{2,39}$/i],
  ['mac address', /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i],
  ['date', new RegExp(`^${DAY}$`)],
  ['timestamp', new RegExp(`^${DAY}[ T]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:?\\d{2})?$`)],
  ['time', /^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$/],
  ['integer', /^[+-]?\d+$/],
  ['number', /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i],
  ['colour', /^#([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})$/i],
  ['boolean', /^(true|false|yes|no|y|n|t|f)$/i],
];

/** A pattern that fewer values have than this is no pattern of the column. */
const SHARE = 0.95;
const LONGEST_SHAPE = 40;

/** "uuid", "e-mail (98 %)", or the common shape such as "aaa-999"; null when there is none. */
export function patternOf(
  entries: readonly { readonly value: string; readonly count: number }[],
  n: number,
): string | null {
  const filled = n - (entries.find(({ value }) => value === '')?.count ?? 0);
  if (filled === 0) return null;
  for (const [name, shape] of PATTERNS) {
    let fitting = 0;
    for (const { value, count } of entries) if (shape.test(value)) fitting += count;
    if (fitting === filled) return name;
    if (fitting >= SHARE * filled) return `${name} (${Math.floor((fitting / filled) * 100)} %)`;
  }
  return commonShape(entries.filter(({ value }) => value !== ''));
}

/** Letters as a or A, digits as 9, when that makes all values the same. */
function commonShape(entries: readonly { readonly value: string }[]): string | null {
  const shapeOf = (text: string): string =>
    text
      .replace(/\p{Lu}/gu, 'A')
      .replace(/\p{Ll}/gu, 'a')
      .replace(/\p{Nd}/gu, '9');
  const first = entries[0]?.value ?? '';
  if (first.length > LONGEST_SHAPE) return null;
  const shape = shapeOf(first);
  return entries.every(({ value }) => value.length === first.length && shapeOf(value) === shape)
    ? shape
    : null;
}
