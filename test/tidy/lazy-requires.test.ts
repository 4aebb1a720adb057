import { describe, expect, test } from 'vitest';
import { makeLazy } from '../../scripts/lazy-requires.mjs';

describe('the lazy requires of the bundle', () => {
  test('load at first use, once, whatever the use looks like', () => {
    const loaded: string[] = [];
    const require = (name: string): unknown => {
      loaded.push(name);
      return { Thing: class {}, value: 1 };
    };
    const source = makeLazy(
      [
        'const unused_1 = require("unused");',
        'const used_1 = require("used");',
        'const plain_1 = __importDefault(require("plain"));',
        'const text = "unused_1";',
        'return () => [new used_1.Thing(), (0, used_1.value), plain_1.default.value, text];',
      ].join('\n'),
    );
    const use = new Function('require', '__importDefault', source)(require, (module: unknown) => ({
      default: module,
    })) as () => unknown[];
    expect(loaded).toEqual([]);
    expect(use().slice(1)).toEqual([1, 1, 'unused_1']);
    use();
    expect(loaded).toEqual(['used', 'plain']);
  });

  test('leave a file without requires as it is', () => {
    expect(makeLazy('export const a = 1;')).toBe('export const a = 1;');
  });
});
