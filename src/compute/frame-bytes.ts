/** How much memory the values of a frame take. */
import * as d from './dsl.ts';
import { collect, type DataFrame, type Expr } from './polars.ts';
import { columnsOf } from './types.ts';

/** A view of a text: its length, and the text itself or where it lies. */
const TEXT_BYTES = 16;
const OFFSET_BYTES = 8;

const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/^Boolean$/, 1],
  [/^U?Int8$/, 1],
  [/^U?Int16$/, 2],
  [/^(U?Int32|Float32|Date|Categorical)/, 4],
  [/^(Decimal|Int128)/, 16],
];

/** Bytes, as Arrow lays them out; of structs about. */
export function bytesOf(frame: DataFrame): number {
  const columns = columnsOf(frame);
  const asked = columns.flatMap(({ name, type }, at) => {
    const isList = type.startsWith('List');
    const column = d.column(name);
    const total = (node: d.Dsl, as: string): Expr => d.expression(d.agg('Sum', node), as);
    const elements = isList ? [total(d.listCall('Length', column), `${at}`)] : [];
    const values = isList ? d.explode(column) : column;
    const texts = (): Expr => total(d.stringCall('LenBytes', values), `${at} text`);
    return elementOf(type) === 'String' ? [...elements, texts()] : elements;
  });
  const found = asked.length === 0 ? undefined : collect(frame.lazy().select(...asked));
  const figure = (name: string): number | undefined =>
    found?.columns.includes(name) ? Number(found.getColumn(name).get(0) ?? 0) : undefined;
  return columns.reduce((sum, { type }, at) => {
    const elements = figure(`${at}`);
    const offsets = elements === undefined ? 0 : frame.height * OFFSET_BYTES;
    const width = widthOf(elementOf(type));
    return sum + offsets + (elements ?? frame.height) * width + (figure(`${at} text`) ?? 0);
  }, 0);
}

const elementOf = (type: string): string => /^List\((.*)\)$/.exec(type)?.[1] ?? type;

function widthOf(type: string): number {
  if (type === 'String') return TEXT_BYTES;
  return WIDTHS.find(([pattern]) => pattern.test(type))?.[1] ?? 8;
}
