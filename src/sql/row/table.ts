/** Every row function by name. */
import type { FunctionTable } from '../functions/function.ts';
import { DISTANCE_ALIASES, DISTANCES } from './distances.ts';
import { ROW_FORMATS } from './format.ts';
import { JSON_ALIASES, ROW_JSON } from './json.ts';
import { ROW_NUMBER_ALIASES, ROW_NUMBERS } from './numbers.ts';
import { ROW_TEXT_ALIASES, ROW_TEXTS } from './texts.ts';
import { TYPE_NAMES } from './type-names.ts';

export const ROWS: FunctionTable = {
  ...DISTANCES,
  ...ROW_FORMATS,
  ...ROW_JSON,
  ...ROW_NUMBERS,
  ...ROW_TEXTS,
  ...TYPE_NAMES,
};

export const ROW_ALIASES: Readonly<Record<string, string>> = {
  ...DISTANCE_ALIASES,
  ...JSON_ALIASES,
  ...ROW_NUMBER_ALIASES,
  ...ROW_TEXT_ALIASES,
};
