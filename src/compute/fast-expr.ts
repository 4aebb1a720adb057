/**
 * Makes expressions cheap. nodejs-polars 0.26.1 builds each one as an object literal of 161
 * closures and getters, which V8 takes 0.3 to 1 ms for (measured); a query has dozens. Here the
 * methods live on a prototype: one literal is built over a stand-in that forwards to whichever
 * native expression the call is for.
 */

type Method = (...args: unknown[]) => unknown;
type Native = Readonly<Record<string, unknown>>;

/** The module nodejs-polars/bin/lazy/expr/index.js; its functions look `_Expr` up at each call. */
export interface ExprModule {
  _Expr: (native: unknown) => object;
  Expr: unknown;
}

/** Getters of an expression, and the function that makes what each returns. */
export type Namespaces = Readonly<Record<string, (native: unknown) => unknown>>;

interface Fast {
  readonly _expr: Native;
}

/** Replaces the constructor of `module`; what it made before stays valid. */
export function speedUpExpressions(module: ExprModule, namespaces: Namespaces): void {
  const literal = module._Expr;
  let current: Native = {};
  const standIn = new Proxy(
    {},
    {
      get: (_, name) => {
        const value = current[name as string];
        return typeof value === 'function' ? (value as Method).bind(current) : value;
      },
    },
  );
  const template = literal(standIn);
  const prototype = {};
  for (const name of Reflect.ownKeys(template)) {
    if (name === '_expr') continue;
    const namespace = Object.hasOwn(namespaces, name) ? namespaces[name as string] : undefined;
    Object.defineProperty(prototype, name, {
      configurable: true,
      ...(namespace === undefined
        ? { writable: true, value: forwarded(Reflect.get(template, name) as Method) }
        : {
            get(this: Fast) {
              return namespace(this._expr);
            },
          }),
    });
  }
  Object.defineProperty(prototype, 'inner', {
    value(this: Fast) {
      return this._expr;
    },
  });

  /** Calls nest while arguments become expressions, so the one before is put back. */
  function forwarded(method: Method): Method {
    return function (this: Fast, ...args) {
      const before = current;
      current = this._expr;
      try {
        return method.apply(this, args);
      } finally {
        current = before;
      }
    };
  }

  const make = (native: unknown): object => {
    const made = Object.create(prototype) as { _expr: unknown };
    made._expr = native;
    return made;
  };
  module._Expr = make;
  module.Expr = Object.assign(make, module.Expr);
}
