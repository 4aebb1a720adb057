/** The words between the daemon and its clients; docs/serve.md says what they do. */
import type { ErrorJson } from '../errors.ts';

/** Changes when an old client would misunderstand a new daemon. */
export const PROTOCOL_VERSION = 1;

export const METHODS = [
  'Open',
  'Schema',
  'Query',
  'Stats',
  'Column',
  'Plot',
  'Run',
  'Command',
  'Close',
  'List',
  'Status',
  'Cancel',
] as const;
export type Method = (typeof METHODS)[number];

/** Of the environment of a command line, what its output depends on. */
export const COMMAND_ENVIRONMENT = ['NO_COLOR', 'SOURCE_DATE_EPOCH', 'TERM'] as const;

/** The first frame of either side. */
export interface Hello {
  readonly hello: {
    readonly protocol: number;
    /** Who speaks, for logs: "nairobi/0.1.0". */
    readonly program: string;
  };
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

export interface Request {
  /** Chosen by the client; no other request in flight on this connection has it. */
  readonly id: number;
  readonly method: Method;
  readonly params?: JsonObject;
  /** How many descriptors come with this frame. */
  readonly fds?: number;
}

export type ProtocolError = ErrorJson & {
  /** What the command line would end with. */
  readonly exit: number;
};

export type Response =
  | { readonly id: number; readonly result: JsonObject; readonly fds?: number }
  | { readonly id: number; readonly error: ProtocolError };

/** How a method hands over what may be large: in the frame, or as a sealed memfd. */
export interface Data {
  /** "json", "arrow", "csv", "png" and so on. */
  readonly format: string;
  readonly bytes: number;
  /** Text formats inline, as text. JSON rows are in `rows` instead. */
  readonly text?: string;
  /** Binary formats inline. */
  readonly base64?: string;
  /** Which descriptor of the frame holds the bytes, from 0. */
  readonly fd?: number;
}
