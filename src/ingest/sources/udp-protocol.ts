/** What the thread that takes datagrams and its starter say to each other. */

export interface UdpTask {
  readonly address: Uint8Array;
  readonly port: number;
  /** [0] is set to 1 to stop; [1] holds the bytes handed on and not yet taken. */
  readonly shared: Int32Array;
}

/** Where in `shared`. */
export const STOP = 0;
export const BACKLOG = 1;

export type UdpMessage =
  | { readonly kind: 'listening'; readonly port: number; readonly bufferBytes: number }
  | {
      readonly kind: 'lines';
      readonly data: Uint8Array;
      readonly datagrams: number;
      readonly dropped: number;
    }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'stopped'; readonly dropped: number };
