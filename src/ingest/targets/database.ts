/** What database targets have in common. */
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { attempt } from '../commit/durable.ts';
import type { SealedRejects } from './target.ts';

/** Where a database keeps what ingest has read, in the transaction of the rows. */
export const STATE_TABLE = '_nairobi_ingest';

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A database cannot commit a file: rejects are appended after it, at least once. */
export function publishRejects(rejects: SealedRejects | undefined): void {
  if (rejects === undefined) return;
  attempt('write', rejects.path, () => {
    appendFileSync(rejects.path, readFileSync(rejects.staged), { flush: true });
    rmSync(rejects.staged);
  });
}
