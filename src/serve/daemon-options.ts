/** What the daemon may take, and who it is. */
export interface DaemonOptions {
  /** Bytes of rows, and of what is computed on them, in all. */
  readonly memoryLimit: number;
  /** Of these, what rows may take. */
  readonly rowsLimit: number;
  /** What one client may hold; and what one request may take. */
  readonly clientMemory: number;
  readonly workers: number;
  /** A request that runs longer is answered with TIMEOUT; it may ask for less. */
  readonly requestMs: number;
  /** Who we are, as package.json says it. */
  readonly program: { readonly name: string; readonly version: string };
  /** Directories below which sources may lie; anywhere when there are none. */
  readonly allowed: readonly string[];
  readonly log: (text: string) => void;
}
