/** The columns as a JSON Schema (2020-12) of one row, with what was measured as its bounds. */
import { type ColumnFigures, type Figure, figuresOf } from './figures.ts';
import type { ColumnFacts } from './survey.ts';

export interface TableSchema {
  readonly $schema: string;
  readonly title: string;
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Columns without a null. */
  readonly required: readonly string[];
}

/** Texts of so few values are an enumeration. */
const ENUM_VALUES = 20;

export function schemaOf(title: string, columns: readonly ColumnFacts[]): TableSchema {
  const figures = columns.map((one) => figuresOf(one));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    type: 'object',
    properties: Object.fromEntries(
      columns.map((one, i) => [one.column.name, propertyOf(one, figures[i] as ColumnFigures)]),
    ),
    required: columns.filter(({ facts }) => facts.nulls === 0).map(({ column }) => column.name),
  };
}

/** `x-type`: the column's own type, as --types of the commands that read takes it. */
function propertyOf(
  { column, facts }: ColumnFacts,
  figures: ColumnFigures,
): Record<string, unknown> {
  const name = jsonType(column.type);
  const nullable = facts.nulls > 0 ? [name, 'null'] : name;
  const base = { type: nullable, 'x-type': column.type };
  if (name === 'integer' || name === 'number') {
    // Decimals that no number holds are text here: no bound a JSON Schema could have.
    const bound = (figure: Figure): Figure => (typeof figure === 'string' ? undefined : figure);
    return { ...base, ...said({ minimum: bound(figures.min), maximum: bound(figures.max) }) };
  }
  const format =
    column.type === 'Date' ? 'date' : column.type.startsWith('Datetime') ? 'date-time' : undefined;
  if (facts.is !== 'text') return { ...base, ...said({ format }) };
  const { values } = facts.distinct;
  const few =
    values !== undefined &&
    values.length > 0 &&
    values.length <= ENUM_VALUES &&
    values.length < facts.rows / 2;
  const texts = few ? [...values.map(([value]) => value)].sort() : undefined;
  return {
    ...base,
    ...said({
      minLength: figures.min_length,
      maxLength: figures.max_length,
      enum: texts === undefined || facts.nulls === 0 ? texts : [...texts, null],
    }),
  };
}

function jsonType(type: string): string {
  if (/^U?Int\d+$/.test(type)) return 'integer';
  if (/^(Float|Decimal)/.test(type)) return 'number';
  if (type === 'Boolean') return 'boolean';
  if (/^(List|Array)/.test(type)) return 'array';
  return type.startsWith('Struct') ? 'object' : 'string';
}

function said(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}
