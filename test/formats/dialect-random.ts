/** Random tables written in random dialects, and what a reader has to find in them. */
import { Chance } from '../sql/fuzz-tables.ts';

export interface Written {
  readonly text: string;
  readonly names: readonly string[];
  /** As they were before they were written; null for nothing. */
  readonly rows: readonly (readonly (string | null)[])[];
}

const WORDS = ['red', 'green', 'Oslo', 'new york', "it's", 'é€', 'a-b', 'x/y', '(1)', 'q&a', 'z.'];
const MAKERS: readonly ((chance: Chance) => string)[] = [
  (chance) => String(chance.below(100_000) - 50_000),
  (chance) => `${chance.below(1000)}.${chance.below(90) + 10}`,
  (chance) => chance.pick(WORDS),
  (chance) => `${chance.pick(WORDS)} ${chance.pick(WORDS)}`,
  (chance) => chance.pick(['true', 'false']),
  (chance) => `20${chance.below(90) + 10}-0${chance.below(9) + 1}-1${chance.below(10)}`,
  (chance) =>
    `2024-0${chance.below(9) + 1}-1${chance.below(10)} 1${chance.below(10)}:30:0${chance.below(10)}`,
  (chance) => `0${chance.below(10_000)}`,
  (chance) => `${chance.pick(WORDS)}, ${chance.pick(WORDS)}; ${chance.pick(WORDS)}`,
  (chance) => `say "${chance.pick(WORDS)}"`,
  (chance) => `${chance.pick(WORDS)}\n${chance.pick(WORDS)}`,
];

/** The same for the same seed. */
export function randomWritten(seed: number): Written {
  const chance = new Chance(seed);
  const delimiter = chance.pick([',', ',', ';', '\t', '|']);
  const end = chance.pick(['\n', '\n', '\r\n']);
  const quotesAll = chance.once(4);
  const decimal = delimiter === ';' && chance.once(2) ? ',' : '.';
  const names = Array.from(
    { length: 2 + chance.below(5) },
    (_, at) => `${chance.pick(['name', 'Value', 'x', 'two words'])}${at}`,
  );
  const makers = names.map(() => chance.pick(MAKERS));
  const rows = Array.from({ length: 3 + chance.below(30) }, () =>
    makers.map((make) => (chance.once(15) ? null : make(chance))),
  );
  const field = (value: string | null): string => {
    if (value === null) return '';
    const shown = /^\d+\.\d+$/.test(value) ? value.replace('.', decimal) : value;
    const isQuoted = quotesAll || shown.includes(delimiter) || /["\r\n]/.test(shown);
    return isQuoted ? `"${shown.replaceAll('"', '""')}"` : shown;
  };
  // Numbers in the first row, over numbers: no reader can take them for names. Codes with zeros in
  // front are text, which could be names: both engines take them so. And without a header commas in
  // every row may be what separates.
  const isPlain = !rows.some((row) => row.some((value) => /[,;|]/.test(value ?? '')));
  const isNumber = (value: string | null): boolean => /^-?[1-9]\d+(\.\d+)?$/.test(value ?? '');
  const isHeadless = chance.once(3) && isPlain && rows[0]?.some(isNumber) === true;
  if (isHeadless)
    names.forEach((_, at) => {
      names[at] = `column_${at + 1}`;
    });
  const lines = [...(isHeadless ? [] : [names]), ...rows].map((row) =>
    row.map(field).join(delimiter),
  );
  return { text: lines.join(end) + (chance.once(5) ? '' : end), names, rows };
}
