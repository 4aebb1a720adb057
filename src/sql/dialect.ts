/**
 * DuckDB's additions to PostgreSQL's grammar, turned into PostgreSQL that the binder recognises:
 * FROM 'file', a first FROM, ASOF/SEMI/ANTI JOIN, QUALIFY, * EXCLUDE/REPLACE/RENAME, TRY_CAST,
 * GROUP BY ALL, [lists], INTERVAL 1 DAY, $name and :name. One pass over the scanner's tokens;
 * nothing inside a string or a comment is ever touched.
 */
import { AFTER_FROM, fromFirst } from './from-first.ts';
import { rare } from './rare.ts';
import { applyEdits, type Edit } from './rewrite.ts';
import type { Source } from './source.ts';
import { Source as SourceText } from './source.ts';
import { type Token, unquote } from './tokens.ts';

/** Names the parser would cut at 63 bytes, and what has no place in its grammar. */
export interface Marks {
  /** "@file:0" in the tree is files[0]. */
  readonly files: string[];
  readonly longNames: string[];
  /** $1 in the tree is parameters[0]. */
  readonly parameters: string[];
  /** Typed offsets of the CAST tokens that were TRY_CAST. */
  readonly tryCasts: Set<number>;
}

export interface Rewritten {
  readonly text: string;
  readonly source: Source;
  readonly marks: Marks;
}

/** One SELECT being walked through, or a parenthesis without one. */
interface Frame {
  select: boolean;
  inFrom: boolean;
  hasWindow: boolean;
  /** QUALIFY is open until the clause ends. */
  qualify: boolean;
}

const newFrame = (): Frame => ({ select: false, inFrom: false, hasWindow: false, qualify: false });

const AFTER_QUALIFY = new Set([
  'order',
  'limit',
  'offset',
  'fetch',
  'union',
  'intersect',
  'except',
  'window',
  ')',
  ';',
]);
const JOIN_KINDS = new Set(['asof', 'semi', 'anti', 'positional']);
const UNITS = /^(microsecond|millisecond|second|minute|hour|day|week|month|quarter|year)s?$/;

/** Walks the tokens once; `edits` is what it found. */
class Pass {
  readonly edits: Edit[] = [];
  readonly marks: Marks = { files: [], longNames: [], parameters: [], tryCasts: new Set() };
  readonly #tokens: readonly Token[];
  readonly #frames: Frame[] = [newFrame()];
  /** Where the list after * EXCLUDE and its like ended: another may follow. */
  #starEnd = -1;
  /** How many square brackets and braces are open. */
  #brackets = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  run(): void {
    if (this.#at(0) === 'from') this.edits.push(...fromFirst(this.#tokens));
    for (let i = 0; i < this.#tokens.length; i += 1) this.#token(i);
    if (this.#frame.qualify) this.#insert(this.#tokens.at(-1)?.end ?? 0, ')');
  }

  get #frame(): Frame {
    return this.#frames.at(-1) as Frame;
  }

  #at(index: number): string {
    return this.#tokens[index]?.lower ?? '';
  }

  #insert(at: number, text: string): void {
    this.edits.push({ start: at, end: at, text });
  }

  #replace(token: Token, text: string): void {
    this.edits.push({ start: token.start, end: token.end, text });
  }

  #token(i: number): void {
    const token = this.#tokens[i] as Token;
    const frame = this.#frame;
    if (frame.qualify && AFTER_QUALIFY.has(token.lower)) {
      this.#insert(this.#tokens[i - 1]?.end ?? token.start, ')');
      frame.qualify = false;
    }
    this.#follow(i, token);
    this.#sources(i, token);
    this.#star(i, token);
    this.#words(i, token);
    this.#parameter(i, token);
  }

  /** Keeps the stack of parentheses and which clause each is in. */
  #follow(i: number, token: Token): void {
    const frame = this.#frame;
    if (token.text === '(') this.#frames.push({ ...newFrame(), inFrom: this.#opensFrom(i) });
    else if (token.text === ')' && this.#frames.length > 1) this.#frames.pop();
    else if (token.lower === 'select') Object.assign(frame, newFrame(), { select: true });
    else if (token.lower === 'from' && this.#isFromClause(i)) frame.inFrom = true;
    else if (/^(un)?pivot$/.test(token.lower)) Object.assign(frame, { select: true, inFrom: true });
    else if (token.lower === 'window') frame.hasWindow = true;
    else if (token.lower === 'values') frame.inFrom = false;
    if (AFTER_FROM.has(token.lower) && token.lower !== 'on') frame.inFrom = false;
  }

  /** `(` right after FROM, JOIN or a comma of the list holds sources too. */
  #opensFrom(i: number): boolean {
    const before = this.#at(i - 1);
    return this.#frame.inFrom && (before === 'from' || before === 'join' || before === ',');
  }

  /** Not EXTRACT(.. FROM ..), nor IS DISTINCT FROM. */
  #isFromClause(i: number): boolean {
    if (this.#at(i - 1) === 'distinct' && /^(is|not)$/.test(this.#at(i - 2))) return false;
    return this.#frame.select || i === 0;
  }

  /** FROM 'file', JOIN 'file', and the join kinds PostgreSQL lacks. */
  #sources(i: number, token: Token): void {
    const before = this.#at(i - 1);
    const opens = /^(from|join|,|\(|(un)?pivot)$/.test(before);
    if (token.isString && this.#frame.inFrom && opens) {
      this.#replace(token, `"@file:${this.marks.files.push(unquote(token.text)) - 1}"`);
    }
    if (!JOIN_KINDS.has(token.lower) || !this.#frame.inFrom) return;
    const next = this.#at(i + 1);
    if (next !== 'join' && next !== 'left' && next !== 'inner') return;
    this.#replace(token, `CROSS JOIN "@${token.lower}"`);
    // Without a condition PostgreSQL knows only this one.
    const join = this.#tokens[i + 1];
    if (token.lower === 'positional' && join !== undefined) this.#insert(join.start, 'NATURAL ');
  }

  /** `* EXCLUDE (a, b)` -> `*, "@exclude"(a, b)`; in REPLACE and RENAME, AS becomes a comma. */
  #star(i: number, token: Token): void {
    if (!/^(exclude|replace|rename)$/.test(token.lower)) return;
    const first =
      this.#at(i - 1) === '*' && /^(select|,|\.|distinct|all|\))$/.test(this.#at(i - 2));
    if (!first && this.#starEnd !== i - 1) return;
    if (this.#at(i + 1) !== '(') {
      const name = this.#tokens[i + 1];
      this.#replace(token, `, "@${token.lower}"(`);
      if (name !== undefined) this.#insert(name.end, ')');
      this.#starEnd = i + 1;
      return;
    }
    this.#replace(token, `, "@${token.lower}"`);
    let depth = 0;
    for (let j = i + 1; j < this.#tokens.length; j += 1) {
      const inner = this.#tokens[j] as Token;
      if (inner.text === '(') depth += 1;
      if (inner.text === ')') depth -= 1;
      if (depth === 0) {
        this.#starEnd = j;
        return;
      }
      if (depth === 1 && inner.lower === 'as') this.#replace(inner, ',');
    }
  }

  #words(i: number, token: Token): void {
    const { lower } = token;
    if (lower === 'try_cast') {
      this.marks.tryCasts.add(token.start);
      this.#replace(token, 'CAST');
    } else if (lower === 'all' && this.#at(i - 1) === 'by' && this.#at(i + 1) !== '(') {
      this.#replace(token, '"@all"');
    } else if (lower === 'qualify' && this.#frame.select && !this.#frame.qualify) {
      const start = this.#frame.hasWindow ? ',' : 'WINDOW';
      this.#replace(token, `${start} "@qualify" AS (ORDER BY `);
      this.#frame.qualify = true;
      this.#frame.hasWindow = true;
    } else if (lower === '==') {
      this.#replace(token, '=');
    } else if (
      lower === 'interval' &&
      /^\d+$/.test(this.#at(i + 1)) &&
      UNITS.test(this.#at(i + 2))
    ) {
      const [amount, unit] = [this.#tokens[i + 1] as Token, this.#tokens[i + 2] as Token];
      this.edits.push({
        start: amount.start,
        end: unit.end,
        text: `'${amount.text} ${unit.text}'`,
      });
    } else if (
      UNITS.test(lower) &&
      this.#tokens[i - 1]?.isString &&
      this.#at(i - 2) === 'interval'
    ) {
      this.#intervalUnit(i, token);
    } else if (
      lower.startsWith('"') === false &&
      token.isName &&
      Buffer.byteLength(token.text) > 63
    ) {
      this.#longName(token, token.text);
    } else if (lower.startsWith('"') && Buffer.byteLength(token.text) > 65) {
      this.#longName(token, token.text.slice(1, -1).replaceAll('""', '"'));
    }
  }

  /** TPC-H writes INTERVAL '90' DAY (3), and PostgreSQL has no plural or WEEK there. */
  #intervalUnit(i: number, unit: Token): void {
    const amount = this.#tokens[i - 1] as Token;
    const precise =
      this.#at(i + 1) === '(' && /^\d+$/.test(this.#at(i + 2)) && this.#at(i + 3) === ')';
    const end = precise ? (this.#tokens[i + 3] as Token).end : unit.end;
    if (this.#at(i + 1) === 'to') return;
    this.edits.push({ start: amount.start, end, text: `'${unquote(amount.text)} ${unit.text}'` });
  }

  #longName(token: Token, name: string): void {
    this.#replace(token, `"@name:${this.marks.longNames.push(name) - 1}"`);
  }

  /** $name, :name and $1 become $1, $2, ... in order of first use; [1:n] and {'a':n} have none. */
  #parameter(i: number, token: Token): void {
    const next = this.#tokens[i + 1];
    if (/^[[{]$/.test(token.text)) this.#brackets += 1;
    if (/^[\]}]$/.test(token.text)) this.#brackets -= 1;
    const between = this.#brackets > 0 && /[\w"'\])]$/.test(this.#at(i - 1));
    const mark = token.text === '$' || (token.text === ':' && !between);
    const named = mark && next?.start === token.end;
    if (named && next !== undefined && /^[a-z_]\w*$/i.test(next.text)) {
      this.edits.push({ start: token.start, end: next.end, text: this.#numbered(next.text) });
    } else if (/^\$\d+$/.test(token.text)) {
      this.#replace(token, this.#numbered(token.text.slice(1)));
    }
  }

  #numbered(name: string): string {
    const { parameters } = this.marks;
    const index = parameters.indexOf(name);
    return `$${index >= 0 ? index + 1 : parameters.push(name)}`;
  }
}

/** Words and signs that only src/sql/rare knows to rewrite. */
const RARE = /^([[{]|->|lambda|ignore|respect|pivot|unpivot|sample|tablesample|name)$/;
const isRare = (token: Token, index: number, tokens: readonly Token[]): boolean =>
  RARE.test(token.lower) ||
  (token.lower === 'interval' && !/^['\d]/.test(tokens[index + 1]?.text ?? "'"));

export function rewrite(typed: string, tokens: readonly Token[]): Rewritten {
  const pass = new Pass(tokens);
  pass.run();
  const more = tokens.some(isRare) ? rare().edits(tokens) : [];
  const { text, segments } = applyEdits(typed, [...more, ...pass.edits]);
  return { text, source: new SourceText(typed, segments), marks: pass.marks };
}
