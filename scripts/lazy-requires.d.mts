import type { Plugin } from 'esbuild';

export declare const lazyRequires: Plugin;
export declare function makeLazy(source: string): string;
