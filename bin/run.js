#!/usr/bin/env node
// The entry of a release: checks the runtime before anything newer than Node 12 is parsed.
import { cacheCompiledCode, checkRuntime } from './runtime.js';

if (checkRuntime()) {
  cacheCompiledCode();
  const { main } = await import('../dist/main.js');
  await main(process.argv.slice(2), new URL('..', import.meta.url));
}
