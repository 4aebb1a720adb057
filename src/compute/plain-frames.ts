/**
 * Data frames without their short cut. nodejs-polars 0.26.1 wraps each one in a Proxy that answers
 * `frame.NAME` with the column of that name: in a file with a column "height" there is no height
 * any more, only a Series, and one with a column "select" cannot be read at all. All frames are made
 * by one exported function, which looks Proxy up when it is called.
 */

/** The module nodejs-polars/bin/dataframe.js; its functions look `_DataFrame` up at each call. */
export interface FrameModule {
  _DataFrame: (native: unknown) => object;
}

/** From now on frames are what the Proxy would have wrapped. */
export function leaveFramesPlain(module: FrameModule): void {
  const wrapping = module._DataFrame;
  module._DataFrame = (native) => {
    const RealProxy = globalThis.Proxy;
    globalThis.Proxy = Unwrapped as unknown as ProxyConstructor;
    try {
      return wrapping(native);
    } finally {
      globalThis.Proxy = RealProxy;
    }
  };
}

/** As a constructor, gives what it was given. */
function Unwrapped(target: object): object {
  return target;
}
