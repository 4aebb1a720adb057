/**
 * DuckDB's PIVOT and UNPIVOT (as statements and after a source), USING SAMPLE and UNION BY NAME, in
 * words of PostgreSQL's grammar. A pivot is a call: "@pivot"(..., "@for", ..., "@by", ...).
 */

import type { Edit } from '../rewrite.ts';
import type { Token } from '../tokens.ts';

const OPEN = /^[([{]$/;
const CLOSE = /^[)\]}]$/;
/** Where a pivot statement's own clauses end. */
const AFTER = /^(order|limit|offset|union|intersect|except|;)$/;

class Statements {
  readonly edits: Edit[] = [];
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  run(): void {
    for (let i = 0; i < this.#tokens.length; i += 1) {
      const word = this.#lower(i);
      if (word === 'pivot' || word === 'unpivot') this.#pivot(i, word);
      else if (word === 'tablesample') this.#amount(i + 1);
      else if (word === 'sample' && this.#lower(i - 1) === 'using') this.#sample(i);
      else if (word === 'name' && this.#lower(i - 1) === 'by') this.#byName(i);
      else if (word === 'exclude' && this.#lower(i - 3) === 'columns') this.#columns(i);
    }
  }

  #lower(index: number): string {
    return this.#tokens[index]?.lower ?? '';
  }
  #insert(at: number, text: string): void {
    this.edits.push({ start: at, end: at, text });
  }
  #replace(index: number, text: string): void {
    const token = this.#tokens[index];
    if (token !== undefined) this.edits.push({ start: token.start, end: token.end, text });
  }

  /** Tokens from `from` on that are inside no bracket opened after it; `end` is the first past. */
  #level(from: number): { readonly inside: number[]; readonly end: number } {
    const inside: number[] = [];
    let depth = 0;
    let i = from;
    for (; i < this.#tokens.length; i += 1) {
      const { text } = this.#tokens[i] as Token;
      if (CLOSE.test(text)) depth -= 1;
      if (depth < 0) break;
      if (depth === 0) inside.push(i);
      if (OPEN.test(text)) depth += 1;
    }
    return { inside, end: i };
  }

  #pivot(i: number, word: string): void {
    const before = this.#lower(i - 1);
    if (before === '' || before === '(' || before === ';') this.#statement(i, word);
    else this.#suffix(i, word);
  }

  /** PIVOT source ON .. USING .. GROUP BY .., UNPIVOT source ON .. INTO NAME .. VALUE .. */
  #statement(i: number, word: string): void {
    const { inside, end } = this.#level(i + 1);
    const last = inside.find((at) => AFTER.test(this.#lower(at))) ?? end;
    this.#replace(i, 'SELECT * FROM');
    for (const at of inside.filter((each) => each < last)) {
      const lower = this.#lower(at);
      if (lower === 'on') {
        const mark = word === 'pivot' ? '@for' : '@on';
        this.#replace(at, `CROSS JOIN LATERAL "@${word}"("${mark}",`);
      } else if (lower === 'using') this.#replace(at, ', "@using",');
      else if (lower === 'group') this.#replace(at, ', "@by",');
      else if (lower === 'by' && this.#lower(at - 1) === 'group') this.#replace(at, '');
      else if (lower === 'into') this.#replace(at, '');
      else if (lower === 'name' && this.#lower(at - 1) === 'into') this.#replace(at, ', "@name",');
      else if (lower === 'value' && at > i + 1) this.#replace(at, ', "@value",');
    }
    this.#aliases(i + 1, last);
    const previous = this.#tokens[last - 1];
    if (previous !== undefined) this.#insert(previous.end, ')');
  }

  /** source PIVOT (.. FOR .. IN (..) GROUP BY ..), source UNPIVOT [INCLUDE NULLS] (.. FOR ..) */
  #suffix(i: number, word: string): void {
    let open = i + 1;
    let nulls = '';
    if (this.#lower(open + 1) === 'nulls') {
      if (this.#lower(open) === 'include') nulls = ', "@nulls"';
      this.#replace(open, '');
      this.#replace(open + 1, '');
      open += 2;
    }
    if (this.#lower(open) !== '(') return;
    this.#replace(i, `CROSS JOIN LATERAL "@${word}"`);
    const { inside, end } = this.#level(open + 1);
    for (const at of inside) {
      const lower = this.#lower(at);
      if (lower === 'for') this.#replace(at, ', "@for",');
      else if (lower === 'group') this.#replace(at, ', "@by",');
      else if (lower === 'by' && this.#lower(at - 1) === 'group') this.#replace(at, '');
      else if (lower === 'in' && this.#lower(at - 2) === ')')
        this.#insert((this.#tokens[at - 2] as Token).end, ',');
    }
    this.#aliases(open + 1, end);
    const close = this.#tokens[end];
    if (close !== undefined && nulls !== '') this.#insert(close.start, nulls);
  }

  /** a AS b among arguments. */
  #aliases(from: number, to: number): void {
    let started = this.#lower(from - 1) === '(';
    for (let at = from; at < to; at += 1) {
      if (/^(on|using)$/.test(this.#lower(at))) started = true;
      const isCast = /^(cast|try_cast)$/.test(this.#castOf(at));
      if (started && this.#lower(at) === 'as' && !isCast) this.#replace(at, ', "@as",');
    }
  }

  /** The name before the bracket that token `at` is in. */
  #castOf(at: number): string {
    let depth = 0;
    for (let i = at - 1; i >= 0; i -= 1) {
      const { text } = this.#tokens[i] as Token;
      if (CLOSE.test(text)) depth += 1;
      else if (OPEN.test(text)) {
        if (depth === 0) return this.#lower(i - 1);
        depth -= 1;
      }
    }
    return '';
  }

  /** 10%, 10 PERCENT, 100 ROWS, method(100 ROWS): as a method of TABLESAMPLE. */
  #amount(at: number): void {
    const isCall = this.#lower(at + 1) === '(';
    const count = isCall ? at + 2 : at;
    if (!/^[\d.]+$/.test(this.#lower(count))) return;
    const unit = this.#lower(count + 1);
    const isUnit = /^(rows|%|percent)$/.test(unit);
    if (!isCall && !isUnit) return;
    const method = unit === 'rows' ? '"rows"' : isCall ? this.#lower(at) : 'bernoulli';
    if (isUnit) this.#replace(count + 1, '');
    if (isCall) this.#replace(at, method);
    else this.#replace(at, `${method}(${this.#lower(count)})`);
  }

  #sample(i: number): void {
    this.#replace(i - 1, '');
    this.#replace(i, 'TABLESAMPLE');
    this.#amount(i + 1);
  }

  /** UNION BY NAME SELECT: the mark goes into the select list after it. */
  #byName(i: number): void {
    if (!/^(union|all)$/.test(this.#lower(i - 2)) || this.#lower(i + 1) !== 'select') return;
    this.#replace(i - 1, '');
    this.#replace(i, '');
    this.#insert((this.#tokens[i + 1] as Token).end, ' "@by name", ');
  }

  /** COLUMNS(* EXCLUDE (a, b)) */
  #columns(i: number): void {
    this.#replace(i - 1, '');
    if (this.#lower(i + 1) === '(') this.#replace(i, '"@exclude"');
    else {
      this.#replace(i, '"@exclude"(');
      this.#insert((this.#tokens[i + 1] as Token).end, ')');
    }
  }
}

export function statementEdits(tokens: readonly Token[]): readonly Edit[] {
  const statements = new Statements(tokens);
  statements.run();
  return statements.edits;
}
