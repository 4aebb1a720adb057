/** As much of JSON Schema 2020-12 as our schemas use; says where a value breaks one. */

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

/** Every breach, as "$.findings[3].status: ..."; none when `value` is valid. */
export function breaches(value: unknown, schema: Schema, root = schema, at = '$'): string[] {
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
    return target === undefined ? [`${at}: no ${schema.$ref}`] : breaches(value, target, root, at);
  }
  return [
    ...typeBreaches(value, schema, at),
    ...choiceBreaches(value, schema, root, at),
    ...textBreaches(value, schema, at),
    ...objectBreaches(value, schema, root, at),
    ...(Array.isArray(value) && schema.items !== undefined
      ? value.flatMap((item, index) => breaches(item, schema.items ?? {}, root, `${at}[${index}]`))
      : []),
  ];
}

function typeBreaches(value: unknown, { type }: Schema, at: string): string[] {
  if (type === undefined) return [];
  const types = Array.isArray(type) ? type : [type];
  const fits = types.some((one) => {
    if (one === 'null') return value === null;
    if (one === 'array') return Array.isArray(value);
    if (one === 'integer') return Number.isInteger(value);
    if (one === 'object')
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    return typeof value === one;
  });
  return fits ? [] : [`${at}: ${JSON.stringify(value)} is not ${types.join(' or ')}`];
}

function choiceBreaches(value: unknown, schema: Schema, root: Schema, at: string): string[] {
  if (schema.const !== undefined && value !== schema.const) return [`${at}: not ${schema.const}`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return [`${at}: ${JSON.stringify(value)} is none of ${schema.enum.join(', ')}`];
  }
  if (schema.oneOf === undefined) return [];
  const fitting = schema.oneOf.filter((one) => breaches(value, one, root, at).length === 0);
  return fitting.length === 1 ? [] : [`${at}: fits ${fitting.length} of oneOf`];
}

function textBreaches(value: unknown, { pattern, minLength = 0 }: Schema, at: string): string[] {
  if (typeof value !== 'string') return [];
  if (value.length < minLength) return [`${at}: shorter than ${minLength}`];
  if (pattern === undefined || new RegExp(pattern).test(value)) return [];
  return [`${at}: "${value}" does not match ${pattern}`];
}

function objectBreaches(value: unknown, schema: Schema, root: Schema, at: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key));
  return [
    ...missing.map((key) => `${at}: no ${key}`),
    ...Object.entries(value).flatMap(([key, field]) => {
      const known = schema.properties?.[key];
      if (known !== undefined) return breaches(field, known, root, `${at}.${key}`);
      if (schema.additionalProperties === false) return [`${at}.${key}: not allowed`];
      return typeof schema.additionalProperties === 'object'
        ? breaches(field, schema.additionalProperties, root, `${at}.${key}`)
        : [];
    }),
  ];
}
