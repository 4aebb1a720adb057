/** format() with the specifications of the fmt library, printf() with those of C. */
import {
  type FunctionTable,
  RowError,
  type RowFunction,
  type ScalarFunction,
} from '../functions/function.ts';
import { MORE_TEXTS } from '../functions/more-text.ts';
import type { CallExpression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { numberOf } from './by-row.ts';
import { type Kind, rendered, type Specification } from './number-format.ts';

const FMT = /^(?:(.)?([<>^]))?([-+ ])?(#)?(0)?(\d+)?([,_'])?(?:\.(\d+))?([a-zA-Z%])?$/su;
const PRINTF = /%([-+ #0,]*)(\d+)?(?:\.(\d+))?(?:hh|h|ll|l|z|j|t|L)?([a-zA-Z%])/g;

/** What stands between the holes, and what goes into them. */
interface Piece {
  readonly text: string;
  /** Undefined behind the last hole. */
  readonly hole: { readonly index: number; readonly specification: Specification } | undefined;
}

function specificationOf(text: string): Specification {
  const found = FMT.exec(text);
  if (found === null) throw new RowError(`not supported: {:${text}}`);
  const [, fill, align, sign, alternate, zero, width, group, precision, type] = found;
  return {
    fill: fill ?? ' ',
    align: align as Specification['align'],
    sign: sign === '-' ? undefined : sign,
    alternate: alternate !== undefined,
    zero: zero !== undefined,
    width: Number(width ?? 0),
    group,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
}

/** {}, {2}, {:spec}, {1:spec}; {{ and }} are braces. */
function fmtPieces(format: string): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let next = 0;
  for (let at = 0; at < format.length; at += 1) {
    const one = format[at] ?? '';
    if ((one === '{' || one === '}') && format[at + 1] === one) {
      text += one;
      at += 1;
    } else if (one === '}') throw new RowError('a } that closes nothing');
    else if (one !== '{') text += one;
    else {
      const end = format.indexOf('}', at);
      const inside = /^(\d+)?(?::(.*))?$/s.exec(format.slice(at + 1, end));
      if (end < 0 || inside === null) throw new RowError(`not supported: ${format.slice(at)}`);
      const index = inside[1] === undefined ? next : Number(inside[1]);
      next += 1;
      pieces.push({ text, hole: { index, specification: specificationOf(inside[2] ?? '') } });
      text = '';
      at = end;
    }
  }
  return [...pieces, { text, hole: undefined }];
}

function printfPieces(format: string): Piece[] {
  const pieces: Piece[] = [];
  let [text, from, index] = ['', 0, 0];
  for (const found of format.matchAll(PRINTF)) {
    const [whole, flags = '', width, precision, type = ''] = found;
    text += format.slice(from, found.index);
    from = found.index + whole.length;
    if (type === '%') {
      text += '%';
      continue;
    }
    const specification: Specification = {
      fill: ' ',
      align: flags.includes('-') ? '<' : '>',
      sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : undefined,
      alternate: flags.includes('#'),
      zero: flags.includes('0') && !flags.includes('-'),
      width: Number(width ?? 0),
      group: flags.includes(',') ? ',' : undefined,
      precision: precision === undefined ? undefined : Number(precision),
      type: type === 'i' || type === 'u' ? 'd' : type,
    };
    pieces.push({ text, hole: { index, specification } });
    text = '';
    index += 1;
  }
  const rest = format.slice(from);
  if (rest.includes('%')) throw new RowError(`not supported: ${rest.slice(rest.indexOf('%'))}`);
  return [...pieces, { text: text + rest, hole: undefined }];
}

const kindOf = ({ kind }: SqlType): Kind =>
  kind === 'integer' || kind === 'float' ? kind : 'text';

function worker(call: CallExpression, piecesOf: (format: string) => Piece[]): RowFunction {
  const kinds = call.args.slice(1).map(({ type }) => kindOf(type));
  const parsed = new Map<string, Piece[]>();
  const work: RowFunction['work'] = ([format = '', ...values]) => {
    const pieces = parsed.get(format) ?? piecesOf(format);
    parsed.set(format, pieces);
    return pieces
      .map(({ text, hole }) => {
        if (hole === undefined) return text;
        const [kind, value] = [kinds[hole.index], values[hole.index]];
        if (kind === undefined || value === undefined)
          throw new RowError(`there is no value ${hole.index + 1} to put in`);
        return (
          text + rendered(kind, kind === 'float' ? numberOf(value) : value, hole.specification)
        );
      })
      .join('');
  };
  return { work };
}

/** Texts put into plain holes are put together by the engine. */
function formatted(plain: ScalarFunction, piecesOf: (format: string) => Piece[]): ScalarFunction {
  const isPlain = ({ args }: CallExpression): boolean =>
    args.every(({ type }) => type.kind === 'text') &&
    typeof plain.resolve(
      args.map(({ type }) => type),
      args,
    ) === 'object';
  return {
    ...plain,
    resolve: (types) => {
      if (types.length === 0) return undefined;
      const args = types.slice(1).map((type): SqlType => {
        if (type.kind === 'integer') return type;
        return type.kind === 'float' || type.kind === 'decimal' ? t.FLOAT64 : t.TEXT;
      });
      return { args: [t.TEXT, ...args], type: t.TEXT };
    },
    byRow: (call) => (isPlain(call) ? undefined : worker(call, piecesOf)),
  };
}

export const ROW_FORMATS: FunctionTable = {
  format: formatted(MORE_TEXTS['format'] as ScalarFunction, fmtPieces),
  printf: formatted(MORE_TEXTS['printf'] as ScalarFunction, printfPieces),
};
