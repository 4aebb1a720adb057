/** What database targets have in common. */
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { attempt, withHint } from '../commit/durable.ts';
import type { SealedRejects } from './target.ts';

/** Where a database keeps what ingest has read, in the transaction of the rows. */
export const STATE_TABLE = '_nairobi_ingest';

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A database cannot commit a file: rejects are appended after it, at least once. */
export function publishRejects(rejects: SealedRejects | undefined): void {
  if (rejects === undefined) return;
  const { path, staged } = rejects;
  withHint(`the rows are committed; the rejects of this run are in ${staged}`, () => {
    const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    attempt('write', path, () => {
      try {
        appendFileSync(path, readFileSync(staged), { flush: true });
      } catch (error) {
        // Half a line would spoil the next one.
        truncateSync(path, before);
        throw error;
      }
    });
    attempt('remove', staged, () => rmSync(staged));
  });
}
