export interface Step {
  readonly command: string;
  readonly output: string;
  readonly varies: boolean;
}

export declare function readTour(): Step[];
export declare function prepare(folder: string): void;
export declare function runStep(
  command: string,
  folder: string,
): { readonly output: string; readonly status: number | null };
