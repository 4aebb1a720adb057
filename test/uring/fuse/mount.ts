/** Mounts the file system of `server.ts` for the length of a test. Root only. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file of the mounted folder; offsets and sizes in bytes. */
export interface FuseFile {
  /** The file its bytes come from. */
  readonly from: string;
  /** What stat(2) says. */
  readonly size: number;
  /** open(2) with O_DIRECT answers EINVAL, as NFS and others do. */
  readonly refusesDirect?: boolean;
  /** Never in the page cache: no shared mappings, and short reads arrive as such. */
  readonly uncached?: boolean;
  /** Each read gives a third of what was asked for. */
  readonly shortReads?: boolean;
  /** Reads that reach beyond this byte are EIO. */
  readonly failsFrom?: number;
  /** Reads that reach beyond this byte are not answered, until the reader is killed. */
  readonly hangsFrom?: number;
  /** The content ends here, whatever `size` says. */
  readonly endsAt?: number;
}

export interface FuseMount extends AsyncDisposable {
  /** The folder the files are in. */
  readonly folder: string;
}

/** Undefined, and the reason printed, where it cannot be mounted. */
export async function mountFuse(
  files: Readonly<Record<string, FuseFile>>,
): Promise<FuseMount | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/dev/fuse')) {
    console.log('skipped: mounting a FUSE file system takes root and /dev/fuse');
    return undefined;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-fuse-'));
  const script = path.join(import.meta.dirname, 'server.ts');
  const server = spawn(process.execPath, [script, folder, JSON.stringify(files)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  if (line.toString().startsWith('mounted')) return { folder, ...whenOver(server, folder) };
  console.log(`skipped: no FUSE file system can be mounted here (${line.toString().trim()})`);
  rmdirSync(folder);
  return undefined;
}

function whenOver(server: ChildProcess, folder: string): AsyncDisposable {
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      spawnSync('umount', ['-l', folder]);
      if (server.exitCode === null) {
        const gone = once(server, 'exit');
        setTimeout(() => server.kill('SIGKILL'), 2000).unref();
        await gone;
      }
      rmdirSync(folder);
    },
  };
}
