/** How large an expression is in the form the engine reads. */
import type { Dsl } from '../../compute/dsl.ts';

export interface Shape {
  /** Of objects and arrays inside each other. */
  readonly levels: number;
  /** As often as they are written: what stands in two places counts twice. */
  readonly nodes: number;
}

const NOTHING: Shape = { levels: 0, nodes: 0 };

/** Remembers what it measured: the same node stands in many places. */
export class Shapes {
  readonly #known = new WeakMap<object, Shape>();

  of(node: Dsl): Shape {
    return this.#of(node);
  }

  #of(node: unknown): Shape {
    if (node === null || typeof node !== 'object') return NOTHING;
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    let levels = 0;
    let nodes = 1;
    for (const inner of Object.values(node)) {
      const shape = this.#of(inner);
      levels = Math.max(levels, shape.levels);
      nodes += shape.nodes;
    }
    const shape = { levels: levels + 1, nodes };
    this.#known.set(node, shape);
    return shape;
  }
}
