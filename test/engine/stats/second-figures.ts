/** What DuckDB makes of the same data, and how near a figure has to be. */
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'vitest';

export async function duck(sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  return (await connection.runAndReadAll(sql)).getRows() as unknown[][];
}

export const near = (a: unknown, b: unknown): void => {
  expect(Math.abs(Number(a) - Number(b))).toBeLessThanOrEqual(
    1e-12 * Math.max(1, Math.abs(Number(b))),
  );
};
