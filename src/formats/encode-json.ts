/** JSON: Polars' writer where it is exact, ours where it is not. */
import { type DataFrame, polars } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import { isFloatType } from '../compute/types.ts';
import { uniqueNames } from './names.ts';
import { chunks, type Result } from './result.ts';
import { isPlainType, jsonValues, withTexts } from './texts.ts';

/** One object a line. NaN and the infinities, which JSON lacks, are the texts "NaN", "Infinity". */
export function* jsonLines(result: Result): Iterable<Buffer> {
  const names = uniqueNames(result.names);
  for (const piece of chunks(result.frame)) yield linesOf(piece, result, names);
}

/** One array, an object a line. */
export function* jsonArray(result: Result): Iterable<Buffer> {
  let before = '[\n';
  for (const piece of jsonLines(result)) {
    // A raw line end never stands inside a JSON text, so every one of them ends an object.
    const text = piece.toString('latin1');
    yield Buffer.from(before + text.slice(0, -1).replaceAll('\n', ',\n'), 'latin1');
    before = ',\n';
  }
  yield Buffer.from(before === '[\n' ? '[]\n' : '\n]\n');
}

function linesOf(piece: DataFrame, result: Result, names: readonly string[]): Buffer {
  const { columns, options } = result;
  if (columns.length === 0) return Buffer.from('{}\n'.repeat(piece.height));
  const asNumbers = options.bigint !== 'string';
  const isOdd = columns.map(
    ({ name, type }) =>
      (isFloatType(type) && hasNotFinite(piece, name)) || (asNumbers && type.startsWith('Decimal')),
  );
  const safe = asNumbers ? piece : withBigTexts(piece, columns);
  const texts = withTexts(
    safe,
    columnsNow(columns, asNumbers).filter(({ type }) => !isNested(type)),
  );
  if (!isOdd.includes(true) && !columns.some(({ type }) => isNested(type))) {
    texts.columns = [...names];
    return texts.writeJSON({ format: 'lines' }) as unknown as Buffer;
  }
  const literals = columns.map(({ name, type }, index) => {
    if (isNested(type)) return jsonValues(piece, name);
    if (!isOdd[index]) return jsonValues(texts, name);
    return isFloatType(type) ? floatLiterals(piece, name) : decimalLiterals(texts, name);
  });
  return joined(literals, names);
}

const isNested = (type: string): boolean => !isPlainType(type) && /^(List|Array|Struct)/.test(type);

/** Types after 64-bit integers were made text. */
function columnsNow(columns: readonly Column[], asNumbers: boolean): Column[] {
  return columns.map(({ name, type }) => ({
    name,
    type: !asNumbers && isBig(type) ? 'String' : type,
  }));
}

const isBig = (type: string): boolean => /^U?Int(64|128)$/.test(type);

function withBigTexts(piece: DataFrame, columns: readonly Column[]): DataFrame {
  const pl = polars();
  const big = columns.filter(({ type }) => isBig(type));
  if (big.length === 0) return piece;
  return piece.withColumns(...big.map(({ name }) => pl.col(name).cast(pl.Utf8)));
}

function hasNotFinite(piece: DataFrame, name: string): boolean {
  const pl = polars();
  const finite = pl.col(name).isFinite();
  const found = piece.filter(finite.not());
  return found.height > 0;
}

function floatLiterals(piece: DataFrame, name: string): string[] {
  const values = piece.getColumn(name).toArray() as (number | null)[];
  return jsonValues(piece, name).map((text, index) => {
    const value = values[index];
    return value === null || value === undefined || Number.isFinite(value) ? text : `"${value}"`;
  });
}

/** Digits without the quotes Polars puts around a decimal. */
function decimalLiterals(texts: DataFrame, name: string): string[] {
  return jsonValues(texts, name).map((text) => (text === 'null' ? text : text.slice(1, -1)));
}

function joined(literals: readonly (readonly string[])[], names: readonly string[]): Buffer {
  const keys = names.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const rows = literals[0]?.length ?? 0;
  const out: string[] = [];
  for (let row = 0; row < rows; row += 1) {
    let line = '';
    for (const [index, key] of keys.entries()) line += key + literals[index]?.[row];
    out.push(`${line}}\n`);
  }
  return Buffer.from(out.join(''), 'utf8');
}
