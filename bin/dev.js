#!/usr/bin/env node
// Runs the sources as they are (Node strips the types): for work on the program itself.
import { checkRuntime } from './runtime.js';

if (checkRuntime()) {
  const { main } = await import('../src/main.ts');
  await main(process.argv.slice(2), new URL('..', import.meta.url));
}
