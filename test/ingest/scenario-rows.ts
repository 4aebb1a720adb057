/** The rows that the scenarios write and look for. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { column, nairobi } from './binary.ts';

export const HEADER = 'id,ts,device,value\n';
const row = (id: number): string =>
  `${id},2026-11-0${1 + (id % 2)} 10:00:00,dev-${id % 2},${id / 8}\n`;
export const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => row(from + i)).join('');
export const isBad = (id: number): boolean => id % 50 === 49;
/** Every fiftieth is short of a field. */
export const mixed = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => from + i)
    .map((id) => (isBad(id) ? `${id},2026-11-01 10:00:00,broken\n` : row(id)))
    .join('');

export const numbers = (to: number): number[] => Array.from({ length: to }, (_, id) => id);
export const ids = (to: number): string[] => numbers(to).map(String);
export const goodIds = (to: number): string[] =>
  numbers(to)
    .filter((id) => !isBad(id))
    .map(String);

export const write = (path: string, name: string, text: string): void =>
  writeFileSync(join(path, name), text);
export const append = (path: string, name: string, text: string): void =>
  appendFileSync(join(path, name), text);

/** A run of the preparation, which has to succeed. */
export function first(path: string, args: readonly string[], code = 0): void {
  expect(nairobi(path, args)).toMatchObject({ code, stderr: '' });
}

export const ofDataset = (path: string): Promise<string[]> => column(join(path, 'data'), 'id');
