import { describe, it } from 'vitest';
import { checkVegaTable, vegaTables } from '../vega-tables.ts';

describe('every figure is that of the second opinion and of DuckDB', () => {
  it.each(vegaTables((size) => size >= 300_000))('for %s', async (file) => {
    await checkVegaTable(file);
  });
});
