/**
 * Trials that may kill the process (SIGSYS of a seccomp filter, SIGBUS of a huge page, a crash in
 * a native library) run in a child: it is told a list of steps, announces each before it starts
 * and answers after it. Whoever reads knows which step it died in.
 */

/** Written by the child, one JSON object a line. */
export type TrialMessage =
  | { readonly start: string }
  | { readonly done: string; readonly result: unknown };

export interface TrialStep {
  /** Unique in its run, such as "module:koffi". */
  readonly id: string;
  readonly trial: TrialName;
  readonly options: Readonly<Record<string, unknown>>;
}

export type TrialName = 'uring' | 'thp' | 'hugetlb' | 'place' | 'memfd' | 'clock' | 'module' | 'gl';
