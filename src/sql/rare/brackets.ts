/**
 * DuckDB's brackets, braces and arrows as calls that PostgreSQL's grammar reads: f(x)[1], [1:2],
 * {'a': 1}, MAP {..}, [x * 2 FOR x IN list IF ..], x -> x + 1, INTERVAL (n) DAY, IGNORE NULLS.
 */

import type { Edit } from '../rewrite.ts';
import type { Token } from '../tokens.ts';

const UNITS =
  /^(microsecond|millisecond|second|minute|hour|day|week|month|quarter|year|decade|century)s?$/;
const OPEN: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const CLOSE = new Set(Object.values(OPEN));
/** Words after which "[" begins a list. */
const BEFORE_LIST =
  /^(select|in|then|else|and|or|not|return|when|case|from|by|on|having|where|values|distinct|all|any|some|between|like|using|if|for|union|limit)$/;

const TAKES_LAMBDA = /^((list|array)_)?(transform|apply|filter|reduce)$/;

/** Where each bracket's partner is. */
function partnersOf(tokens: readonly Token[]): Map<number, number> {
  const partners = new Map<number, number>();
  const open: number[] = [];
  tokens.forEach((token, index) => {
    if (token.text in OPEN) open.push(index);
    else if (CLOSE.has(token.text)) {
      const start = open.pop();
      if (start === undefined || OPEN[tokens[start]?.text ?? ''] !== token.text) return;
      partners.set(start, index).set(index, start);
    }
  });
  return partners;
}

class Brackets {
  readonly edits: Edit[] = [];
  readonly #tokens: readonly Token[];
  readonly #partners: Map<number, number>;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.#partners = partnersOf(tokens);
  }

  run(): void {
    for (let i = 0; i < this.#tokens.length; i += 1) {
      const { text, lower } = this.#token(i);
      if (text === '[') this.#square(i);
      else if (text === '{') this.#brace(i);
      else if (text === '->' && this.#isLambda(i)) this.#lambda(i);
      else if (lower === 'lambda' && this.#lower(i + 2) === ':') this.#word(i);
      else if (lower === 'interval') this.#interval(i);
      else if (lower === 'ignore' || lower === 'respect') this.#nulls(i, lower);
    }
  }

  #token(index: number): Token {
    return this.#tokens[index] as Token;
  }
  #lower(index: number): string {
    return this.#tokens[index]?.lower ?? '';
  }
  #insert(at: number, text: string): void {
    this.edits.push({ start: at, end: at, text });
  }
  #replace(index: number, text: string): void {
    const { start, end } = this.#token(index);
    this.edits.push({ start, end, text });
  }

  /** Indices of the tokens with this word directly between two brackets. */
  #within(open: number, close: number, test: (lower: string, at: number) => boolean): number[] {
    const found: number[] = [];
    for (let i = open + 1; i < close; i += 1) {
      if (this.#token(i).text in OPEN) i = this.#partners.get(i) ?? close;
      else if (test(this.#lower(i), i)) found.push(i);
    }
    return found;
  }

  #square(i: number): void {
    const close = this.#partners.get(i);
    const before = this.#tokens[i - 1];
    const isSubscript =
      before !== undefined &&
      (before.isString ||
        before.text === ')' ||
        before.text === ']' ||
        before.text === '}' ||
        before.text.startsWith('$') ||
        (/^["a-z_]/i.test(before.text) && !BEFORE_LIST.test(before.lower)));
    // ARRAY[...] and types (int[]) are PostgreSQL's own.
    if (before?.lower === 'array' || this.#lower(i + 1) === ']') {
      if (!isSubscript) this.#replace(i, 'ARRAY[');
      return;
    }
    if (!isSubscript) {
      this.#list(i, close);
      return;
    }
    this.#subscripted(i);
    if (close !== undefined) this.#openSlice(i, close);
  }

  /** PostgreSQL subscripts only names and what is between parentheses. */
  #subscripted(i: number): void {
    let start = i - 1;
    const { text, isString } = this.#token(start);
    if (text === ']' || text === ')' || text === '}') {
      start = this.#partners.get(start) ?? start;
      // A chain [1][2] was begun already; a plain (x) is fine as it is.
      if (text === ']' && this.#isSubscriptAt(start)) return;
      let head = start;
      while (text !== '}' && head > 0 && this.#isCallName(head)) head -= 1;
      if (text === '}' && this.#lower(start - 1) === 'map') head = start - 1;
      if (text === ')' && head === start) return;
      start = head;
      if (text === ']' && this.#lower(start - 1) === 'array') start -= 1;
    } else if (!isString) return;
    this.#insert(this.#token(start).start, '(');
    this.#insert(this.#token(i - 1).end, ')');
  }

  /** True where the token before `index` is a part of the name of the call that begins there. */
  #isCallName(index: number): boolean {
    const before = this.#tokens[index - 1];
    const here = this.#token(index).text;
    if (before === undefined) return false;
    if (here === '(' || here === '.')
      return /^["a-z_]/i.test(before.text) && !BEFORE_LIST.test(before.lower);
    return before.text === '.';
  }

  #isSubscriptAt(open: number): boolean {
    const before = this.#tokens[open - 1];
    return (
      before !== undefined &&
      (/^[)\]}]$/.test(before.text) || before.isString || /^["a-z_]/i.test(before.text)) &&
      before.lower !== 'array' &&
      !BEFORE_LIST.test(before.lower)
    );
  }

  /** [1:-] is DuckDB's "to the end". */
  #openSlice(open: number, close: number): void {
    for (const at of this.#within(open, close, (word) => word === '-')) {
      if (at === close - 1 || this.#token(at + 1).text === ':') this.#replace(at, '');
    }
  }

  #list(i: number, close: number | undefined): void {
    const [each] = close === undefined ? [] : this.#within(i, close, (word) => word === 'for');
    if (close === undefined || each === undefined) {
      this.#replace(i, 'ARRAY[');
      return;
    }
    const [among] = this.#within(each, close, (word) => word === 'in');
    if (among === undefined) return;
    const [test] = this.#within(among, close, (word) => word === 'if');
    this.#replace(i, '"@each"(');
    for (const at of [each, among, ...(test === undefined ? [] : [test])]) this.#replace(at, ',');
    this.#replace(close, ')');
  }

  /** {'a': 1} is a struct, MAP {'a': 1} a map. */
  #brace(i: number): void {
    const close = this.#partners.get(i);
    if (close === undefined) return;
    const isMap = this.#lower(i - 1) === 'map';
    if (isMap) this.#replace(i - 1, '"@map"');
    this.#replace(i, isMap ? '(' : '"@struct"(');
    for (const colon of this.#within(i, close, (word) => word === ':')) {
      this.#replace(colon, ',');
      const key = this.#token(colon - 1);
      if (!isMap && !key.isString && /^["a-z_]/i.test(key.text)) {
        const name = key.text.startsWith('"') ? key.text.slice(1, -1) : key.text;
        this.#replace(colon - 1, `'${name.replaceAll("'", "''")}'`);
      }
    }
    // (..).field
    const isOpened = this.#lower(close + 1) === '.';
    if (isOpened) this.#insert(this.#token(isMap ? i - 1 : i).start, '(');
    this.#replace(close, isOpened ? '))' : ')');
  }

  /** "x ->" right after "(" or ",": else it is PostgreSQL's operator of JSON. */
  /** name -> expression, (name) -> expression: the second argument of a function of lists. */
  #isLambda(i: number): boolean {
    const [name, before] = this.#isParenthesized(i) ? [i - 2, i - 4] : [i - 1, i - 2];
    const isName = /^["a-z_]/i.test(this.#token(name)?.text ?? '');
    return isName && this.#lower(before) === ',' && TAKES_LAMBDA.test(this.#callAround(before));
  }

  #isParenthesized(i: number): boolean {
    return this.#lower(i - 1) === ')' && this.#lower(i - 3) === '(';
  }

  /** The name before the bracket that is open at a token; elsewhere -> takes JSON apart. */
  #callAround(i: number): string {
    let at = i - 1;
    while (at >= 0 && !(this.#token(at).text in OPEN)) {
      const isClose = CLOSE.has(this.#token(at).text);
      at = (isClose ? (this.#partners.get(at) ?? at) : at) - 1;
    }
    return this.#lower(at - 1);
  }

  #lambda(i: number): void {
    const isParenthesized = this.#isParenthesized(i);
    if (isParenthesized) for (const bracket of [i - 1, i - 3]) this.#replace(bracket, '');
    this.#insert(this.#token(isParenthesized ? i - 2 : i - 1).start, '"@lambda"(');
    this.#body(i);
  }

  /** LAMBDA name: expression. */
  #word(i: number): void {
    this.#replace(i, '"@lambda"(');
    this.#body(i + 2);
  }

  /** What goes between name and expression is at `i`. */
  #body(i: number): void {
    let end = i + 1;
    while (end < this.#tokens.length) {
      const { text } = this.#token(end);
      if (text in OPEN) end = this.#partners.get(end) ?? this.#tokens.length;
      else if (text === ',' || CLOSE.has(text)) break;
      end += 1;
    }
    this.#replace(i, ',');
    this.#insert(this.#token(end - 1).end, ')');
  }

  /** INTERVAL (expression) DAY, INTERVAL name DAY. */
  #interval(i: number): void {
    const next = this.#tokens[i + 1];
    if (next === undefined) return;
    const isCall = next.text === '(';
    const last = isCall ? this.#partners.get(i + 1) : next.isName ? i + 1 : undefined;
    if (last === undefined || !UNITS.test(this.#lower(last + 1))) return;
    this.#replace(i, '"@interval"(');
    this.#insert(this.#token(last).end, ', ');
    this.#replace(last + 1, `'${this.#lower(last + 1)}')`);
  }

  /** f(x IGNORE NULLS) and f(x) IGNORE NULLS: a mark among the arguments. */
  #nulls(i: number, word: string): void {
    if (this.#lower(i + 1) !== 'nulls') return;
    const mark = word === 'ignore' ? '"@ignore"' : undefined;
    this.#replace(i + 1, '');
    if (this.#lower(i - 1) === ')') {
      this.#replace(i, '');
      if (mark !== undefined) this.#insert(this.#token(i - 1).start, `, ${mark}`);
    } else this.#replace(i, mark === undefined ? '' : `, ${mark}`);
  }
}

export function bracketEdits(tokens: readonly Token[]): readonly Edit[] {
  const brackets = new Brackets(tokens);
  brackets.run();
  return brackets.edits;
}
