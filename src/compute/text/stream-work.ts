/**
 * Aggregates over a delimited text that passes once. The text is cut into the stretches that a file
 * would be cut into, so that sums of doubles are the same; what is refused is left to the caller.
 */
import { GroupKernel, type State } from '../groups/kernel.ts';
import { newState } from '../groups/leaves.ts';
import { type GroupPlan, type GroupRequest, planLeaves, statesThatFit } from '../groups/plan.ts';
import { TooMany, Unreadable } from '../groups/refusal.ts';
import { type FigurePlan, frameOf } from '../groups/result.ts';
import type { DataFrame } from '../polars.ts';
import { readerOf } from '../reading.ts';
import type { PlainShape, TextSegment } from '../relation.ts';
import { kindIn, layoutOf, WORK_BYTES } from './plan.ts';
import { type TextLayout, TextRecords } from './records.ts';

export interface StreamPlan extends Pick<GroupPlan, 'request' | 'leaves' | 'places'> {
  readonly layout: TextLayout;
}

/** Undefined where Polars is to do it. */
export function planStream(text: PlainShape, request: GroupRequest): StreamPlan | undefined {
  const planned = planLeaves(request, kindIn(text));
  if (planned === undefined || statesThatFit(planned.leaves, WORK_BYTES) < 1) return undefined;
  return { request, ...planned, layout: layoutOf(text, planned.leaves) };
}

export class StreamWork {
  readonly #plan: StreamPlan;
  readonly #kernel = new GroupKernel();
  readonly #state: State;
  readonly #records: TextRecords;
  #stretch = 0;

  constructor(plan: StreamPlan) {
    this.#plan = plan;
    this.#state = newState(this.#kernel, plan.leaves);
    this.#records = new TextRecords(this.#kernel, this.#state, plan.layout);
  }

  /**
   * Takes in the records of a segment, in order, up to the first block of which something is
   * refused; gives its offset, which is the segment's size where nothing is.
   */
  take({ bytes, at }: TextSegment): number {
    const { stretch } = this.#plan.layout.cut;
    const size = bytes.length;
    const read = readerOf(bytes);
    let from = 0;
    try {
      while (from < size) {
        const present = Math.floor((at + from) / stretch);
        if (present !== this.#stretch) this.#records.end();
        this.#stretch = present;
        const end = Math.min((present + 1) * stretch - at, size);
        from += this.#records.take({ size, read }, from, end);
      }
    } catch (error) {
      if (!(error instanceof Unreadable || error instanceof TooMany)) throw error;
    }
    return from;
  }

  /** As runGroups gives them: of what was taken in, or of other measures of the same columns. */
  groups(plan: FigurePlan = this.#plan): DataFrame {
    this.#records.end();
    return frameOf(this.#kernel, this.#state, plan);
  }
}
