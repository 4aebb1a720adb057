/** What a column's sampled values say about its type. */
import type { DataFrame } from '../../compute/polars.ts';
import type { TypeName } from '../../compute/relation.ts';
import { hasZone } from './dates.ts';
import { classify, KIND } from './values.ts';

/** How a column is read: the type it ends with and what Polars' own parser cannot do alone. */
export interface Reading {
  readonly type: TypeName;
  /** chrono format, for dates and timestamps. */
  readonly format?: string;
  /** The one text that means null here beside an empty field. */
  readonly nullText?: string;
  readonly decimalComma?: boolean;
  readonly grouped?: true;
  /** Why it is text although it looked like something else. */
  readonly note?: string;
  /** See Typed. */
  readonly exact?: true;
  /** True when there was no value to tell the type from. */
  readonly unseen?: true;
}

/** "d" is a digit; the blank is whatever the last value had there. */
const ISO_SHAPE = 'dddd-dd-dd dd:dd:dd';
const DATE_LENGTH = 10;

/** "1,234" could be a thousand and more, or one and less. */
const THOUSANDS_OR_FRACTION = /^[+-]?\d{1,3},\d{3}$/;
/** "1.234" is a thousand and more where the comma is the decimal point. */
const THOUSANDS = /^[ \t]*-?[1-9]\d{0,2}\.\d{3}$/;

const TEXT: Reading = { type: 'String' };
const NUMBERS = KIND.int | KIND.bigInt | KIND.float | KIND.commaFloat;

/** One text, or the fact that there were several. */
class SoleText {
  text: string | undefined;
  several = false;

  add(text: string): void {
    if (this.text !== undefined && this.text !== text) this.several = true;
    this.text = text;
  }
}

/** Nothing has been seen but empty fields and words for null, or what has two meanings. */
export function isOpen({ kinds }: Evidence, { note }: Reading): boolean {
  return (kinds & ~(KIND.empty | KIND.nullWord)) === 0 || note !== undefined;
}

/** Adds the values of a column of texts. */
export function observeValues(frame: DataFrame, name: string, evidence: Evidence): void {
  for (const text of frame.getColumn(name).unique().toArray() as (string | null)[]) {
    if (evidence.isText) return;
    if (text !== null) evidence.observe(text);
  }
}

export class Evidence {
  kinds = 0;
  values = 0;
  readonly #nullWord = new SoleText();
  readonly #nanWord = new SoleText();
  #infinite = false;
  /** Formats every moment so far fits. */
  #formats: readonly string[] | undefined;
  #secondFraction = 0;
  #beyondDouble = false;
  #exponent = false;
  #wholeDigits = 0;
  #fractionDigits = 0;
  #commaIsDecimal = false;
  /** Some number has points that divide thousands; some has one that cannot. */
  #hasGroups = false;
  #hasPoint = false;

  /** As observe, for bytes that no quotes surround; the commonest kinds without making a text. */
  observeBytes(bytes: Buffer, start: number, end: number): void {
    this.values += 1;
    const length = end - start;
    if (length === 0) this.kinds |= KIND.empty;
    else if (!this.isText && !this.#observeDigits(bytes, start, end)) {
      const text = bytes.toString('latin1', start, end);
      // Only ASCII means anything here; other text is text however it is decoded.
      if (!this.#isLikeLast(text)) this.#observeText(text);
    }
  }

  /** Doubles will not do: there are integers, not observed one by one, that they would round. */
  requireExact(): void {
    this.#beyondDouble = true;
  }

  /** Nothing that comes can change what the column is. */
  get isText(): boolean {
    return (this.kinds & KIND.text) !== 0;
  }

  observe(text: string): void {
    this.values += 1;
    if (!this.isText) this.#observeText(text);
  }

  /** Up to 15 digits, with a point among them or not, no leading zero: true when it was that. */
  #observeDigits(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (length > 15) return false;
    let point = -1;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === 46 && point < 0) point = at;
      else if (byte < 48 || byte > 57) return false;
    }
    const whole = point < 0 ? length : point - start;
    if (whole === 0 || (whole > 1 && bytes[start] === 48)) return false;
    this.kinds |= point < 0 ? KIND.int : KIND.float;
    const isThousands = whole <= 3 && end - point === 4 && bytes[start] !== 48;
    if (point >= 0 && !isThousands) this.#hasPoint = true;
    if (whole > this.#wholeDigits) this.#wholeDigits = whole;
    if (point >= 0 && end - point - 1 > this.#fractionDigits)
      this.#fractionDigits = end - point - 1;
    return true;
  }

  /**
   * A timestamp of the shape "2024-01-02 03:04:05" in a column whose last value had that shape:
   * the same formats fit. Days beyond 28 are left to the careful way.
   */
  #isLikeLast(text: string): boolean {
    if (this.#isoLength !== text.length) return false;
    const digit = (at: number): number => text.charCodeAt(at) - 48;
    for (let at = 0; at < text.length; at += 1) {
      const mark = ISO_SHAPE.charCodeAt(at);
      const value = digit(at);
      if (mark === 100 ? value < 0 || value > 9 : mark !== 32 && mark !== text.charCodeAt(at))
        return false;
    }
    const month = digit(5) * 10 + digit(6);
    const day = digit(8) * 10 + digit(9);
    if (month < 1 || month > 12 || day < 1 || day > 28) return false;
    if (text.length === DATE_LENGTH) return true;
    if (text.charAt(DATE_LENGTH) !== this.#isoJoint) return false;
    const hour = digit(11) * 10 + digit(12);
    return hour < 24 && digit(14) < 6 && digit(17) < 6;
  }

  #isoLength = -1;
  #isoJoint = '';

  #observeText(text: string): void {
    const value = classify(text);
    this.kinds |= value.kind;
    switch (value.kind) {
      case KIND.int:
      case KIND.bigInt:
        this.#observeInteger(text);
        break;
      case KIND.float:
        this.#observeFloat(text);
        break;
      case KIND.commaFloat:
        if (!THOUSANDS_OR_FRACTION.test(text)) this.#commaIsDecimal = true;
        if (text.includes('.')) this.#hasGroups = true;
        break;
      case KIND.grouped:
        this.#hasGroups = true;
        break;
      case KIND.nullWord:
        this.#nullWord.add(text);
        break;
      case KIND.notFinite:
        if (/nan/i.test(text)) this.#nanWord.add(text);
        else this.#infinite = true;
        break;
      default:
    }
    if (value.moment !== undefined) {
      const { formats, fraction } = value.moment;
      this.#formats = this.#formats?.filter((one) => formats.includes(one)) ?? formats;
      this.#secondFraction = Math.max(this.#secondFraction, fraction);
      const isIso = text.length === DATE_LENGTH || text.length === ISO_SHAPE.length;
      this.#isoLength =
        isIso && this.#formats.length === 1 && text.charAt(4) === '-' ? text.length : -1;
      this.#isoJoint = text.charAt(DATE_LENGTH);
    }
  }

  /**
   * The type that holds every value seen exactly. `decimalComma` says whether "1,5" is a number;
   * undefined leaves it to the values.
   */
  decide(decimalComma?: boolean): Reading {
    const kinds = this.kinds & ~KIND.empty;
    const plain = kinds & ~KIND.nullWord;
    if (this.#nullWord.several) return TEXT;
    if (plain === 0) return { type: 'String', unseen: true };
    const nullText = this.#nullWord.text;
    const withNull = nullText === undefined ? {} : { nullText };
    if ((plain & NUMBERS) !== 0) return this.#number(plain, withNull, decimalComma);
    if (plain === KIND.boolean) return { type: 'Boolean', ...withNull };
    return this.#moment(plain, withNull);
  }

  /** The formats that all the moments seen fit. */
  get formats(): readonly string[] {
    return this.#formats ?? [];
  }

  /** True when every moment seen fits this format too. */
  fits(format: string): boolean {
    return this.#formats?.includes(format) === true;
  }

  /** As decide, for a column of moments that is known to be in this format. */
  momentOf(format: string): Reading | undefined {
    if (!this.fits(format)) return undefined;
    this.#formats = [format];
    return this.decide();
  }

  #number(plain: number, withNull: { nullText?: string }, decimalComma?: boolean): Reading {
    const isGrouped = decimalComma === true && (plain & KIND.float) !== 0 && !this.#hasPoint;
    if ((plain & KIND.commaFloat) !== 0 || isGrouped) {
      return this.#commaNumber(plain, withNull, decimalComma);
    }
    const withWords = NUMBERS | KIND.notFinite;
    if ((plain & ~withWords) !== 0) return TEXT;
    if ((plain & (KIND.float | KIND.notFinite)) === 0) return this.#integer(plain, withNull);
    const isMissing = !this.#infinite && !this.#nanWord.several && withNull.nullText === undefined;
    if ((plain & KIND.float) === 0 && isMissing && this.#nanWord.text !== undefined) {
      // Whole numbers with NaN in between: a missing whole number, not a reason for doubles.
      return this.#integer(plain, { nullText: this.#nanWord.text });
    }
    if (!this.#beyondDouble) return { type: 'Float64', ...withNull };
    const isDecimal = !this.#exponent && (plain & KIND.notFinite) === 0;
    if (!isDecimal || this.#wholeDigits + this.#fractionDigits > 38) return TEXT;
    return { type: `Decimal(38, ${this.#fractionDigits})`, ...withNull };
  }

  #integer(plain: number, withNull: { nullText?: string }): Reading {
    if ((plain & KIND.bigInt) === 0) return { type: 'Int64', ...withNull };
    return this.#wholeDigits <= 38 ? { type: 'Decimal(38, 0)', ...withNull } : TEXT;
  }

  #commaNumber(plain: number, withNull: { nullText?: string }, decimalComma?: boolean): Reading {
    if (decimalComma === false) return TEXT;
    const hasGroups = decimalComma === true || this.#hasGroups;
    const divided = hasGroups && !this.#hasPoint ? KIND.float | KIND.grouped : 0;
    const known = KIND.int | KIND.commaFloat | divided;
    if ((plain & ~known) !== 0 || this.#beyondDouble) return TEXT;
    if (decimalComma === undefined && !this.#commaIsDecimal) {
      const note = 'numbers such as 1,234 have a comma that could divide thousands or fractions';
      return { type: 'String', note: `${note}: kept as text; say --decimal-comma if fractions` };
    }
    const grouped = hasGroups ? ({ grouped: true } as const) : {};
    return { type: 'Float64', decimalComma: true, ...grouped, ...withNull };
  }

  #moment(plain: number, withNull: { nullText?: string }): Reading {
    const isOne = plain === KIND.date || plain === KIND.datetime || plain === KIND.time;
    if (!isOne || this.#formats === undefined || this.#formats.length === 0) return TEXT;
    const [format = '', other] = this.#formats;
    if (other !== undefined) {
      const note = `could be ${format} or ${other}: kept as text; say which with --date-format`;
      return { type: 'String', note };
    }
    if (plain === KIND.date) return { type: 'Date', format, ...withNull };
    if (plain === KIND.time) return { type: 'Time', format, ...withNull };
    const unit = this.#secondFraction > 6 ? 'ns' : 'us';
    const type = hasZone(format) ? `Datetime(${unit}, UTC)` : `Datetime(${unit})`;
    return { type, format, ...withNull };
  }

  #observeInteger(text: string): void {
    this.#wholeDigits = Math.max(this.#wholeDigits, text.length);
    const digits = text.trim();
    // Doubles are written with zeros at the end when large: what comes back the same is exact.
    if (digits.length > 15 && String(Number(digits)) !== digits) this.#beyondDouble = true;
  }

  #observeFloat(text: string): void {
    if (!THOUSANDS.test(text)) this.#hasPoint = true;
    const [mantissa = '', exponent] = text.split(/[eE]/);
    if (exponent !== undefined) this.#exponent = true;
    const [whole = '', fraction = ''] = mantissa.split('.');
    this.#wholeDigits = Math.max(this.#wholeDigits, whole.replace('-', '').length);
    this.#fractionDigits = Math.max(this.#fractionDigits, fraction.length);
  }
}
