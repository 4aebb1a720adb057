/** Values for the $names of a query. */
import type { Json } from '../client/protocol.ts';
import { NairobiError } from '../errors.ts';
import type { ParameterValue } from '../sql/plan.ts';
import { isObject, type Params } from './params.ts';

export function parametersOf(params: Params): Readonly<Record<string, ParameterValue>> | undefined {
  const given = params.object('params');
  if (given === undefined) return undefined;
  return Object.fromEntries(Object.entries(given).map(([k, v]) => [k, parameterOf(k, v)]));
}

/** As many digits as the widest integer of SQL has, and one more. */
const INTEGER = /^-?\d{1,40}$/;

function parameterOf(name: string, value: Json | undefined): ParameterValue {
  if (value === undefined || value === null) return null;
  // An integer is one, as in "-p n=1".
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (isObject(value) && typeof value['integer'] === 'string' && INTEGER.test(value['integer'])) {
    return BigInt(value['integer']);
  }
  throw new NairobiError('USAGE', `The parameter ${name} has to be a text, a number or a truth`, {
    hint: 'an integer beyond 2^53 is {"integer": "9007199254740993"}',
  });
}
