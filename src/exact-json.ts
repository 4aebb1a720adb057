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
