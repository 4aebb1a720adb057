/** What --json prints: indented for a person, in one line for a program. */
import { exactJson } from '../exact-json.ts';

/** `value` as JSON text: see exactJson. */
export function toJsonText(value: unknown): string {
  return exactJson(value, process.stdout.isTTY ? 2 : undefined);
}
