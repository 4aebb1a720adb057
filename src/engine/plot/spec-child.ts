/** Draws a user's specification in a process of its own, whose memory is bounded; see spec.ts. */
import { assert, messageOf, NairobiError } from '../../errors.ts';
import { drawUserSpec, type UserSpecOptions } from '../../render/user-spec.ts';
import type { SpecAnswer } from './spec.ts';

async function answer(options: UserSpecOptions): Promise<SpecAnswer> {
  try {
    const { bytes, warnings } = await drawUserSpec(options);
    return { ok: true, bytes, warnings };
  } catch (error) {
    if (error instanceof NairobiError) return { ok: false, error: error.toJSON() };
    return {
      ok: false,
      error: { code: 'BAD_DATA', message: `Cannot draw it: ${messageOf(error)}` },
    };
  }
}

process.once('message', async (options: UserSpecOptions) => {
  assert(process.send !== undefined, 'spec-child is the entry of a child process');
  process.send(await answer(options), () => process.disconnect());
});
