/** Side-by-side lanes on a numeric axis: room for shapes that are wider than a category mark. */
import type { Scene, Spec } from '../chart.ts';
import type { Distribution } from '../data/distribution.ts';
import type { Field } from '../fields.ts';
import { axisTitle, colorBy, isTerminal, position } from '../spec/encode.ts';
import { safeText } from '../spec/texts.ts';

/**
 * The middle of a lane on the x axis: categories one unit apart, colours beside each other within.
 */
export function laneOf(of: Distribution, cell: number): { middle: number; half: number } {
  const colors = of.series.color.labels.length;
  const inFacet = cell % (of.category.labels.length * colors);
  const category = Math.floor(inFacet / colors);
  const width = 0.86 / colors;
  return { middle: category + 0.07 + width * ((inFacet % colors) + 0.5), half: width * 0.47 };
}

/** x and y channels of lanes; labels sit in the middle of each. */
export function laneChannels(scene: Scene, of: Distribution, by: Field | undefined): Spec {
  const labels = of.category.labels.map(safeText);
  const room = (scene.request.width * 0.8) / labels.length;
  const wide = !isTerminal(scene) && labels.some((label) => label.length * 7 > room);
  return {
    x: {
      field: 'x',
      type: 'quantitative',
      title: by?.name ?? null,
      scale: { domain: [0, labels.length], nice: false, zero: false },
      axis: {
        values: labels.map((_, index) => index + 0.5),
        labelExpr: `${JSON.stringify(labels)}[floor(datum.value)]`,
        labelAngle: wide ? -40 : 0,
        labelLimit: isTerminal(scene) ? room : 140,
        labelOverlap: false,
        grid: false,
        ticks: false,
      },
    },
    y: position(scene, 'y', 'y', {
      title: axisTitle(
        of.fields.map((field) => field.name),
        undefined,
      ),
      measure: of.fields[0]?.measure ?? 'quantitative',
    }),
    ...laneColors(scene, of, by),
  };
}

/**
 * Colour by --color; by category when that is all there is, without a legend that repeats the axis.
 */
function laneColors(scene: Scene, of: Distribution, by: Field | undefined): Spec {
  if (scene.color !== undefined && scene.color.name !== by?.name) {
    return colorBy(scene.color.name, of.series.color.labels);
  }
  return {};
}
