/** Parameters of a request, read field by field; what is not known is an error, not ignored. */
import type { Json, JsonObject } from '../client/protocol.ts';
import { NairobiError } from '../errors.ts';
import { closest } from '../suggest.ts';

export class Params {
  readonly #fields: JsonObject;
  readonly #at: string;
  readonly #asked = new Set<string>();
  /** What was asked for by tables, of which not every field is looked at. */
  readonly #tables: object[] = [];

  /** `at`: where these fields stand, for messages: "Query" or "Run.plot". */
  constructor(fields: JsonObject, at: string) {
    this.#fields = fields;
    this.#at = at;
  }

  has(name: string): boolean {
    this.#asked.add(name);
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  /** The rows of a table for the fields that are there. */
  present<T>(table: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
    this.#tables.push(table);
    return Object.keys(this.#fields).flatMap((name) => {
      const row = Object.hasOwn(table, name) ? table[name] : undefined;
      return row === undefined ? [] : [[name, row] as const];
    });
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.#missing(name);
  }

  optionalText(name: string): string | undefined {
    return this.#optional(name, 'a text', (value) => typeof value === 'string') as
      | string
      | undefined;
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.optionalText(name);
    if (value === undefined || (choices as readonly string[]).includes(value)) {
      return value as T | undefined;
    }
    const near = closest(value, choices);
    throw new NairobiError('USAGE', `${this.#at}: ${name} cannot be "${value}"`, {
      hint: near === undefined ? `one of ${choices.join(', ')}` : `did you mean ${near}?`,
    });
  }

  number(name: string): number | undefined {
    return this.#optional(name, 'a number', (value) => typeof value === 'number') as
      | number
      | undefined;
  }

  /** A whole number of at least 0. */
  count(name: string): number | undefined {
    const isCount = (value: Json): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
    return this.#optional(name, 'a whole number from 0', isCount) as number | undefined;
  }

  flag(name: string): boolean | undefined {
    return this.#optional(name, 'true or false', (value) => typeof value === 'boolean') as
      | boolean
      | undefined;
  }

  texts(name: string): readonly string[] | undefined {
    const isTexts = (value: Json): boolean =>
      Array.isArray(value) && value.every((one) => typeof one === 'string');
    return this.#optional(name, 'a list of texts', isTexts) as readonly string[] | undefined;
  }

  /** One text counts as a list of one. */
  textOrTexts(name: string): readonly string[] | undefined {
    const value = this.#fields[name];
    if (typeof value !== 'string') return this.texts(name);
    this.#asked.add(name);
    return [value];
  }

  optionalTextOrCount(name: string): string | number | undefined {
    return typeof this.#fields[name] === 'string' ? this.optionalText(name) : this.count(name);
  }

  numbers(name: string): readonly number[] | undefined {
    const isNumbers = (value: Json): boolean =>
      Array.isArray(value) && value.every((one) => typeof one === 'number');
    return this.#optional(name, 'a list of numbers', isNumbers) as readonly number[] | undefined;
  }

  object(name: string): JsonObject | undefined {
    return this.#optional(name, 'an object', isObject) as JsonObject | undefined;
  }

  /** An object all of whose fields are texts. */
  textMap(name: string): Readonly<Record<string, string>> | undefined {
    const isMap = (value: Json): boolean =>
      isObject(value) && Object.values(value).every((one) => typeof one === 'string');
    return this.#optional(name, 'an object of texts', isMap) as
      | Readonly<Record<string, string>>
      | undefined;
  }

  /** The object of this name as parameters of its own. */
  nested(name: string): Params | undefined {
    const fields = this.object(name);
    return fields === undefined ? undefined : new Params(fields, `${this.#at}.${name}`);
  }

  /** To be called when everything was asked for: a misspelt field must not be lost. */
  end(): void {
    const isKnown = (name: string): boolean =>
      this.#asked.has(name) || this.#tables.some((table) => Object.hasOwn(table, name));
    const unknown = Object.keys(this.#fields).find((name) => !isKnown(name));
    if (unknown === undefined) return;
    const names = [...this.#asked, ...this.#tables.flatMap((table) => Object.keys(table))].sort();
    const near = closest(unknown, names);
    throw new NairobiError('USAGE', `${this.#at} takes no "${unknown}"`, {
      hint: near === undefined ? `it takes ${names.join(', ')}` : `did you mean ${near}?`,
    });
  }

  #optional(name: string, what: string, isRight: (value: Json) => boolean): Json | undefined {
    this.#asked.add(name);
    const value = this.#fields[name];
    if (value === undefined || value === null) return undefined;
    if (isRight(value)) return value;
    throw new NairobiError('USAGE', `${this.#at}: ${name} has to be ${what}`);
  }

  #missing(name: string): never {
    throw new NairobiError('USAGE', `${this.#at}: ${name} is missing`);
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
