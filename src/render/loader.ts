/** What a specification may read: nothing, unless the user allowed it. */

/** Vega's own loader in Node reads any path and any address; this one refuses all but data URIs. */
export function refusingLoader(): object {
  const refuse = (uri: unknown): Promise<never> =>
    Promise.reject(new Error(`"${String(uri)}" is not loaded: this chart reads its data alone`));
  return {
    load: refuse,
    http: refuse,
    file: refuse,
    sanitize: (uri: unknown) =>
      String(uri).startsWith('data:image/') ? Promise.resolve({ href: String(uri) }) : refuse(uri),
  };
}
