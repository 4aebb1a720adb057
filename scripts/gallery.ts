/**
 * Draws docs/gallery from the data sets of the vega-datasets package, with the command line a
 * person would type, and writes the page that shows both. Run it with "npm run gallery".
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs/gallery');
const data = join(root, 'node_modules/vega-datasets/data');

/** Name, what it shows, data set, flags. */
const CHARTS: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'line',
    'Lines, one colour for each category',
    'stocks.csv',
    ['-x', 'date', '-y', 'price', '-c', 'symbol', '--title', 'Stock prices'],
  ],
  [
    'line-log',
    'A logarithmic axis and a reference line',
    'stocks.csv',
    [
      '-x',
      'date',
      '-y',
      'price',
      '-c',
      'symbol',
      '--y-scale',
      'log',
      '--x-line',
      '2008-09-15=Lehman',
    ],
  ],
  [
    'band',
    'Monthly means with one standard deviation, dark',
    'seattle-weather.csv',
    [
      '-x',
      'date',
      '-y',
      'temp_max',
      '--agg',
      'mean',
      '--every',
      '1mo',
      '--band',
      'stdev',
      '--y-line',
      '20=warm',
      '--theme',
      'dark',
    ],
  ],
  [
    'panels',
    'Two columns over one shared x',
    'seattle-weather.csv',
    ['-x', 'date', '-y', 'temp_max', '-y', 'wind', '--panels'],
  ],
  [
    'area',
    'Stacked areas',
    'stocks.csv',
    ['-x', 'date', '-y', 'price', '-c', 'symbol', '-m', 'area', '--agg', 'mean', '--every', '1q'],
  ],
  [
    'point',
    'Points by category',
    'cars.json',
    ['-x', 'Horsepower', '-y', 'Miles_per_Gallon', '-c', 'Origin'],
  ],
  [
    'point-discs',
    'Discs added up: how many flights lie on each other',
    'flights-2k.json',
    ['-x', 'distance', '-y', 'delay', '--density', '--point-size', '5'],
  ],
  [
    'line-density',
    'Every day of a year over its hours, counted',
    'seattle-weather-hourly-normals.csv',
    [
      '--sql',
      "select date_part('hour', date) as hour, temperature, date::date as day from data",
      '-x',
      'hour',
      '-y',
      'temperature',
      '-m',
      'line',
      '--by',
      'day',
      '--density',
    ],
  ],
  [
    'point-continuous',
    'Points by a number, dark',
    'cars.json',
    ['-x', 'Horsepower', '-y', 'Miles_per_Gallon', '-c', 'Weight_in_lbs', '--theme', 'dark'],
  ],
  [
    'facet',
    'Small multiples',
    'cars.json',
    ['-x', 'Horsepower', '-y', 'Miles_per_Gallon', '--facet', 'Cylinders'],
  ],
  ['bar', 'Means of a category', 'cars.json', ['-m', 'bar', '-x', 'Origin', '-y', 'Horsepower']],
  [
    'bar-sideways',
    'Long names read better sideways',
    'movies.json',
    ['-m', 'bar', '-x', 'IMDB Rating', '-y', 'Major Genre', '--agg', 'mean'],
  ],
  [
    'bar-stacked',
    'Counts by month and kind',
    'seattle-weather.csv',
    ['-m', 'bar', '-x', 'date', '-c', 'weather', '--agg', 'count', '--every', '1mo'],
  ],
  [
    'histogram',
    'A histogram in round bins',
    'movies.json',
    ['-m', 'histogram', '-x', 'IMDB Rating'],
  ],
  [
    'histogram-stacked',
    'A histogram by category',
    'cars.json',
    ['-m', 'histogram', '-x', 'Miles_per_Gallon', '-c', 'Origin', '--bins', '20'],
  ],
  [
    'heatmap',
    'Counts in two-dimensional bins',
    'movies.json',
    ['-m', 'heatmap', '-x', 'IMDB Rating', '-y', 'Rotten Tomatoes Rating', '--bins', '25'],
  ],
  [
    'heatmap-categories',
    'A mean over two categories',
    'barley.json',
    ['-m', 'heatmap', '-x', 'variety', '-y', 'site', '-c', 'yield'],
  ],
  [
    'density',
    'Kernel densities',
    'cars.json',
    ['-m', 'density', '-x', 'Miles_per_Gallon', '-c', 'Origin'],
  ],
  [
    'density-2d',
    'Three million flights counted per pixel',
    'flights-3m.parquet',
    ['-m', 'density', '-x', 'distance', '-y', 'delay'],
  ],
  [
    'density-2d-dark',
    'The same in nine colours of equal share, dark',
    'flights-3m.parquet',
    ['-m', 'density', '-x', 'distance', '-y', 'delay', '--shade', 'eq', '--theme', 'dark'],
  ],
  [
    'box',
    'Box plots by two categories',
    'cars.json',
    ['-m', 'box', '-x', 'Cylinders', '-y', 'Miles_per_Gallon', '-c', 'Origin'],
  ],
  ['violin', 'Violins', 'cars.json', ['-m', 'violin', '-x', 'Origin', '-y', 'Horsepower']],
  ['strip', 'Strips', 'cars.json', ['-m', 'strip', '-x', 'Origin', '-y', 'Weight_in_lbs']],
  [
    'ecdf',
    'Distribution functions',
    'cars.json',
    ['-m', 'ecdf', '-x', 'Miles_per_Gallon', '-c', 'Origin'],
  ],
  [
    'qq',
    'Quantiles against the normal distribution',
    'cars.json',
    ['-m', 'qq', '-x', 'Horsepower'],
  ],
  [
    'candlestick',
    'Candles from four price columns',
    'ohlc.json',
    ['-m', 'candlestick', '-x', 'date'],
  ],
  [
    'calendar',
    'A calendar',
    'seattle-weather.csv',
    ['-m', 'calendar', '-x', 'date', '-y', 'temp_max'],
  ],
];

const quote = (text: string): string => (/^[\w.,=/-]+$/.test(text) ? text : `"${text}"`);

mkdirSync(folder, { recursive: true });
const page = [
  '# Gallery',
  '',
  'Made by `npm run gallery` from the data sets of the vega-datasets package.',
  '',
];
for (const [name, caption, source, flags] of CHARTS) {
  const output = join(folder, `${name}.png`);
  execFileSync(
    join(root, 'bin/nairobi'),
    ['plot', join(data, source), ...flags, '-o', output, '-q'],
    {
      stdio: 'inherit',
    },
  );
  const command = ['nairobi plot', source, ...flags.map(quote), '-o', `${name}.png`].join(' ');
  page.push(`## ${caption}`, '', '```sh', command, '```', '', `![${caption}](${name}.png)`, '');
}
writeFileSync(join(folder, 'README.md'), `${page.join('\n').trimEnd()}\n`);
