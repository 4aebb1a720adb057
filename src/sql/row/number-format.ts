/** A value as the fmt library and C's printf write it. */
import { RowError } from '../functions/function.ts';

export interface Specification {
  readonly fill: string;
  readonly align: '<' | '>' | '^' | undefined;
  /** '+' or ' ' before what is not negative. */
  readonly sign: string | undefined;
  readonly alternate: boolean;
  /** Zeros between the sign and the digits. */
  readonly zero: boolean;
  readonly width: number;
  /** Between groups of three digits. */
  readonly group: string | undefined;
  readonly precision: number | undefined;
  readonly type: string | undefined;
}

export type Kind = 'text' | 'integer' | 'float';

const BASES: Readonly<Record<string, number>> = { x: 16, X: 16, o: 8, b: 2, B: 2 };
const PREFIXES: Readonly<Record<string, string>> = { x: '0x', X: '0X', o: '0', b: '0b', B: '0B' };
const DIGITS_DEFAULT = 6;
/** JavaScript's own limit for toFixed and its like. */
const DIGITS_MAX = 100;

/** Doubles of the engine's text as numbers; everything else as text. */
export function rendered(kind: Kind, value: string | number, spec: Specification): string {
  if (kind === 'text') return textOf(String(value), spec);
  if (spec.precision !== undefined && spec.precision > DIGITS_MAX)
    throw new RowError(`more than ${DIGITS_MAX} digits`);
  const type = spec.type ?? '';
  if (kind === 'float')
    return padded(signed(floatDigits(Number(value), type, spec), spec), spec, true);
  if (/^[fFeEgG]$/.test(type)) throw wrongType(type, 'an integer');
  return padded(signed(integerDigits(BigInt(value), type, spec), spec), spec, true);
}

function textOf(value: string, spec: Specification): string {
  if (spec.type !== undefined && spec.type !== 's') throw wrongType(spec.type, 'text');
  const cut = spec.precision === undefined ? value : [...value].slice(0, spec.precision).join('');
  return padded({ sign: '', digits: cut }, { ...spec, zero: false }, false);
}

interface Signed {
  readonly sign: string;
  readonly digits: string;
}

const wrongType = (type: string, what: string): RowError =>
  new RowError(`${what} cannot be written as "${type}"`);

function signed({ sign, digits }: Signed, spec: Specification): Signed {
  return { sign: sign === '-' ? sign : (spec.sign ?? ''), digits };
}

function integerDigits(value: bigint, type: string, spec: Specification): Signed {
  const sign = value < 0n ? '-' : '';
  const size = value < 0n ? -value : value;
  if (type === 'c') return { sign: '', digits: String.fromCodePoint(Number(value)) };
  if (type === '' || type === 'd') return { sign, digits: grouped(size.toString(), spec.group) };
  const base = BASES[type];
  if (base === undefined) throw wrongType(type, 'an integer');
  const digits = size.toString(base);
  const prefix = spec.alternate ? (PREFIXES[type] ?? '') : '';
  return { sign, digits: prefix + (type === 'X' ? digits.toUpperCase() : digits) };
}

function floatDigits(value: number, type: string, spec: Specification): Signed {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  const isUpper = /^[FEG]$/.test(type);
  if (!Number.isFinite(value)) {
    const word = Number.isNaN(value) ? 'nan' : 'inf';
    return { sign: Number.isNaN(value) ? '' : sign, digits: isUpper ? word.toUpperCase() : word };
  }
  const digits = plainDigits(size, type.toLowerCase(), spec);
  return { sign, digits: grouped(isUpper ? digits.toUpperCase() : digits, spec.group) };
}

function plainDigits(size: number, type: string, spec: Specification): string {
  const { precision } = spec;
  if (type === 'f') return fixed(size, precision ?? DIGITS_DEFAULT);
  if (type === 'e') return exponential(size.toExponential(precision ?? DIGITS_DEFAULT));
  if (type === 'g') return general(size, precision ?? DIGITS_DEFAULT);
  if (type === '%') return `${fixed(size * 100, precision ?? DIGITS_DEFAULT)}%`;
  if (type !== '') throw wrongType(type, 'a number with a fraction');
  return precision === undefined ? shortest(size) : general(size, precision);
}

/** toFixed changes to exponents at 1e21. */
function fixed(size: number, precision: number): string {
  if (size < 1e21) return size.toFixed(precision);
  return BigInt(size).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
}

/** At least two digits behind the e. */
const exponential = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');

function general(size: number, precision: number): string {
  const places = Math.max(1, precision);
  const text = size.toExponential(places - 1);
  const exponent = Number(text.slice(text.indexOf('e') + 1));
  const isPlain = exponent >= -4 && exponent < places;
  const full = isPlain ? fixed(size, places - 1 - exponent) : text;
  const [mantissa = '', power] = full.split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return power === undefined ? short : exponential(`${short}e${power}`);
}

/** The digits that bring the double back, with a fraction; exponents from 1e16 on. */
function shortest(size: number): string {
  const text = size.toExponential();
  const exponent = Number(text.slice(text.indexOf('e') + 1));
  if (size !== 0 && (exponent < -4 || exponent >= 16)) return exponential(text);
  const digits = text.slice(0, text.indexOf('e')).replace('.', '').length;
  return fixed(size, Math.max(1, digits - 1 - exponent));
}

function grouped(digits: string, group: string | undefined): string {
  if (group === undefined) return digits;
  const [whole = '', ...rest] = digits.split(/(?=[.e])/);
  return [whole.replace(/\B(?=(\d{3})+$)/g, group), ...rest].join('');
}

function padded({ sign, digits }: Signed, spec: Specification, isNumber: boolean): string {
  const lack = Math.max(0, spec.width - [...sign, ...digits].length);
  // Zeros only where no other side is asked for.
  if (
    spec.zero &&
    (spec.align === undefined || spec.fill === ' ') &&
    spec.align !== '<' &&
    spec.align !== '^'
  )
    return sign + '0'.repeat(lack) + digits;
  const text = sign + digits;
  const align = spec.align ?? (isNumber ? '>' : '<');
  const before = align === '>' ? lack : align === '^' ? Math.floor(lack / 2) : 0;
  return spec.fill.repeat(before) + text + spec.fill.repeat(lack - before);
}
