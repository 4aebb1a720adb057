/** row_number() over all rows as they come. */
import type { WindowExpression } from './ir.ts';
import { INT64 } from './types.ts';

export const ROW_NUMBER: WindowExpression = {
  kind: 'window',
  name: 'row_number',
  args: [],
  filter: undefined,
  distinct: false,
  ignoreNulls: false,
  partition: [],
  order: [],
  frame: { unit: 'range', start: undefined, end: undefined },
  type: INT64,
  position: -1,
};
