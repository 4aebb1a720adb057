/** What the kernel's module exports; kernels/stats/index.ts says what each does. */
export interface Exports {
  start(base: number): void;
  take(size: number): number;
  wholeRows(at: number, size: number, quote: number): number;
  decodeRows(plan: number, at: number, size: number): number;
  work(queue: number, plan: number): void;
  workOnce(queue: number, plan: number): number;
  top(): number;
  numbers(
    whole: boolean,
    unsigned: boolean,
    timed: boolean,
    distinctLimit: bigint,
    budget: number,
    sketch: boolean,
  ): number;
  texts(distinctLimit: bigint, arenaRoom: bigint, frequent: boolean): number;
  addNumbers(
    state: number,
    type: number,
    values: number,
    validity: number,
    from: number,
    to: number,
  ): void;
  addNumbersBy(states: number, type: number, values: number, validity: number, rows: number): void;
  addViews(state: number, views: number, buffers: number, validity: number, rows: number): void;
  addViewsBy(states: number, views: number, buffers: number, validity: number, rows: number): void;
  finishNumbers(state: number): void;
  finishTexts(state: number): void;
  keptUpTo(kept: number, key: bigint): bigint;
  keptAt(kept: number, rank: bigint): bigint;
  keptWithin(
    kept: number,
    low: bigint,
    high: bigint,
    to: number,
    other: number,
    size: number,
    asDoubles: boolean,
  ): number;
}
