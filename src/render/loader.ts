/** What a specification may read: nothing, unless the user allowed it by name. */
import { readFileSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.ts';

export interface Allowed {
  /** Directories below which files may be read. */
  readonly directories: readonly string[];
  /** Beginnings of addresses that may be fetched, such as https://example.org/data/. */
  readonly addresses: readonly string[];
}

export const NOTHING_ALLOWED: Allowed = { directories: [], addresses: [] };

/** Vega's loader interface, and what it had to refuse or could not read. */
export interface GuardedLoader {
  readonly loader: object;
  readonly failures: readonly string[];
}

/** Larger than any chart's data should be; keeps a server from filling the memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A loader for Vega. Its own reads any path and any address, also for images, and a load that
 * fails is a warning there; here every failure is kept for the caller to throw.
 */
export function guardedLoader(allowed: Allowed): GuardedLoader {
  const failures: string[] = [];
  const failed = (uri: string, why: string): Error => {
    failures.push(`"${uri}" ${why}`);
    return new Error(`"${uri}" ${why}`);
  };
  const load = async (given: unknown): Promise<string> => {
    const uri = String(given);
    try {
      const address = allowedAddress(uri, allowed);
      if (address !== undefined) return await fetchText(address);
      const path = allowedPath(uri, allowed);
      if (path !== undefined) return readFileSync(path, 'utf8');
    } catch (error) {
      throw failed(uri, `cannot be read: ${messageOf(error)}`);
    }
    throw failed(uri, 'may not be loaded');
  };
  const sanitize = async (given: unknown, options?: { readonly context?: string }) => {
    const uri = String(given);
    if (uri.startsWith('data:image/')) return { href: uri };
    // A link is followed by a person, not by us; only its scheme matters.
    if (options?.context === 'href' && /^(https?:|mailto:|#)/i.test(uri)) return { href: uri };
    const href = allowedAddress(uri, allowed) ?? allowedPath(uri, allowed);
    if (href !== undefined) return { href };
    throw failed(uri, 'may not be loaded');
  };
  return { loader: { load, sanitize, http: load, file: load }, failures };
}

/** For our own charts, which hold all their data. */
export function refusingLoader(): object {
  return guardedLoader(NOTHING_ALLOWED).loader;
}

function allowedAddress(uri: string, { addresses }: Allowed): string | undefined {
  if (!/^https?:/i.test(uri)) return undefined;
  const { href, username } = new URL(uri);
  return username === '' && addresses.some((start) => href.startsWith(new URL(start).href))
    ? href
    : undefined;
}

/** The real path below an allowed directory; links out of it are not followed. */
function allowedPath(uri: string, { directories }: Allowed): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(uri) && !uri.startsWith('file:')) return undefined;
  const path = uri.startsWith('file:') ? fileURLToPath(uri) : uri;
  for (const directory of directories) {
    const root = realpathSync(directory);
    const full = realpathSync(resolve(root, path));
    if (full.startsWith(root.endsWith(sep) ? root : root + sep)) return full;
  }
  return undefined;
}

async function fetchText(address: string): Promise<string> {
  // A redirect could lead to where the user allowed nothing.
  const response = await fetch(address, { redirect: 'error' });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  if (Number(response.headers.get('content-length') ?? 0) > MAX_BYTES) throw new Error('too large');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
