/** The cheapest column to read when only the number of rows matters. */
import type { ScanColumn } from '../ir.ts';
import type { SqlType } from '../types.ts';

function width(type: SqlType): number {
  switch (type.kind) {
    case 'boolean':
      return 1;
    case 'integer':
    case 'float':
      return type.bits / 8;
    case 'date':
      return 4;
    case 'decimal':
      return 16;
    case 'timestamp':
    case 'time':
    case 'interval':
      return 8;
    default:
      return 32;
  }
}

export function narrowest(columns: readonly ScanColumn[]): readonly ScanColumn[] {
  const [first, ...rest] = columns;
  if (first === undefined) return [];
  return [
    rest.reduce((best, column) => (width(column.type) < width(best.type) ? column : best), first),
  ];
}
