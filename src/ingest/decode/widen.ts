/**
 * A value that contradicts the type its column was inferred to have: the type that holds it too,
 * as a query decides it. What was read so far is read again under that type, where nothing was
 * committed under the narrower one.
 */
import type { NairobiError } from '../../errors.ts';
import { Evidence } from '../../formats/csv/evidence.ts';
import { oddColumn } from '../../formats/csv/reconsider.ts';
import { wider } from '../../formats/csv/recover.ts';
import type { CsvColumn, CsvPlan } from '../../formats/csv/sniff.ts';

/** Columns by name that are to be read otherwise than the sample says. */
export type Widened = ReadonlyMap<string, CsvColumn>;

/** Where nothing is read twice. */
export const NOTHING_WIDENED: Widened = new Map();

/** The cause of an error that goes away when the column is read so. */
export class Widening {
  readonly column: CsvColumn;
  constructor(column: CsvColumn) {
    this.column = column;
  }
}

/** What would mend the error; undefined when nothing would. */
export const wideningOf = ({ cause }: NairobiError): CsvColumn | undefined =>
  cause instanceof Widening ? cause.column : undefined;

/**
 * The column with a type that holds `bad` too, which contradicted it; `all` are the texts of the
 * same batch. Undefined for a type that was given, and where the values have nothing in common.
 */
export function widerColumn(
  column: CsvColumn,
  bad: readonly string[],
  all: () => readonly string[],
): CsvColumn | undefined {
  if (column.from !== 'inferred') return undefined;
  const found =
    column.exact === true
      ? oddColumn(column, bad, () => decimalOf(all()))
      : wider({ column, texts: bad, count: bad.length }, all);
  if (found === undefined || found.type === column.type) return undefined;
  const { note: _, ...kept } = found;
  const value = JSON.stringify(bad[0]);
  return {
    ...kept,
    note: `column ${column.name} is ${found.type} and not ${column.type}: it has ${value}`,
  };
}

function decimalOf(texts: readonly string[]): string | undefined {
  const evidence = new Evidence();
  evidence.requireExact();
  for (const text of texts) evidence.observe(text);
  const { type } = evidence.decide();
  return type.startsWith('Decimal') ? type : undefined;
}

/** The plan under which the text is read again; other columns than the text has are left out. */
export function withWidened(plan: CsvPlan, widened: Widened): CsvPlan {
  const columns = plan.columns.map((column) => widened.get(column.name) ?? column);
  return { ...plan, columns };
}
