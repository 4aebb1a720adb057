/** What carries calls: the engine in this process, or a connection to a daemon. */
import type { JsonObject, Method } from '../client/protocol.ts';

export interface Answer {
  readonly result: JsonObject;
  /** The bytes of a file in memory that came with it. */
  bytes(index: number): Uint8Array;
}

export interface Transport extends Disposable {
  call(method: Method, params: JsonObject): Promise<Answer>;
}
