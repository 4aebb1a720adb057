/** How kernels read the fields of plain delimited text: kernels/stats/csv.ts. */
import type { PlainColumn } from '../relation.ts';

/** What kernels/stats/csv.ts calls the kinds of fields. */
export const FIELD = {
  skip: 0,
  text: 1,
  integer: 2,
  float: 3,
  boolean: 4,
  time: 5,
  date: 6,
} as const;

export interface FieldPlan {
  readonly kind: number;
  readonly nullText: string;
  readonly separator: number;
  readonly seconds: number;
  readonly zone: number;
  readonly unseen: number;
}

export const SKIPPED: FieldPlan = {
  kind: FIELD.skip,
  nullText: '',
  separator: 0,
  seconds: 0,
  zone: 0,
  unseen: 0,
};

/** How the kernel decodes a column; undefined when it cannot. */
export function fieldPlan({
  type,
  format,
  nullText = '',
  unseen,
}: PlainColumn): FieldPlan | undefined {
  const plan = { ...SKIPPED, nullText };
  if (type === 'Date') return format === '%Y-%m-%d' ? { ...plan, kind: FIELD.date } : undefined;
  const moment = /^%Y-%m-%d([ T])%H:%M(:%S%\.f)?(%#z)?$/.exec(format ?? '');
  if (/^Datetime\(us(, UTC)?\)$/.test(type) && moment !== null) {
    const [, separator = ' ', seconds, zone] = moment;
    return {
      ...plan,
      kind: FIELD.time,
      separator: separator.charCodeAt(0),
      seconds: seconds === undefined ? 0 : 1,
      zone: zone === undefined ? 0 : 1,
    };
  }
  if (format !== undefined) return undefined;
  if (type === 'String') {
    return { ...plan, kind: FIELD.text, unseen: unseen === true ? 1 : 0 };
  }
  if (type === 'Int64') return { ...plan, kind: FIELD.integer };
  if (type === 'Float64') return { ...plan, kind: FIELD.float };
  if (type === 'Boolean') return { ...plan, kind: FIELD.boolean };
  return undefined;
}

/** The double of the text; NaN, which is none, for an integer that a double rounds. */
export function exactDouble(text: string): number {
  const isRounded = /^-?\d{16,}$/.test(text) && String(Number(text)) !== text;
  return isRounded ? Number.NaN : Number(text);
}
