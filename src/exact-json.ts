/** JSON that keeps every integer exact, whatever JavaScript calls it. */

// In ES2026; Node has had it since 22. Marks text to be written as it is.
declare global {
  interface JSON {
    rawJSON(text: string): unknown;
  }
}

/** `value` as JSON text: bigints as plain digits, NaN and infinities as null. */
export function exactJson(value: unknown, indent?: number): string {
  const exact = (_key: string, field: unknown): unknown =>
    typeof field === 'bigint' ? JSON.rawJSON(field.toString()) : field;
  return JSON.stringify(value, exact, indent);
}

/** JSON text as values; integers that a number would round are bigints. */
export function parseExact(text: string): unknown {
  // A reviver is ten times as slow; most texts have no number so long.
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source ?? '';
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, exact);
}
