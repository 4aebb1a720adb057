import { describe, expect, it } from 'vitest';
import { folderWith, nairobi, namesIn, shell } from './nairobi.ts';

/** Some GiB of groups. */
const GROUPS = 'select x, count(*) c from generate_series(1, 50000000) g(x) group by x';

describe('--memory-limit', () => {
  it('ends what Polars takes more memory for with 4, and leaves no file behind', () => {
    const folder = folderWith();
    const run = nairobi(['query', GROUPS, '-o', 'out.csv', '--memory-limit', '64MiB'], {
      cwd: folder,
    });
    expect(run.stderr).toContain('needs more than 64 MiB of memory');
    expect(run.code).toBe(4);
    expect(namesIn(folder)).toEqual([]);
  });

  it('says so as JSON when that is asked for', () => {
    const { code, stderr } = nairobi(['query', GROUPS, '--memory-limit', '64MiB', '--json']);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'MEMORY_LIMIT', exit: 4 } });
    expect(code).toBe(4);
  });

  it('lets a pipe through that is longer than it', () => {
    const { stdout, code } = shell(
      `{ echo id,name; seq -f '%.0f,some-name-that-is-long-enough' 3000000; } | nairobi query \\
        'select count(*) n, max(id) m from stdin' --memory-limit 64MiB`,
    );
    expect(code).toBe(0);
    expect(stdout).toBe('n,m\n3000000,3000000\n');
  });

  it('lets figures of a pipe through without a file: none can be written here', () => {
    const { stdout, stderr, code } = shell(
      `{ echo id,name; seq -f '%.0f,some-name-that-is-long-enough' 3000000; } | \
        (ulimit -f 0; nairobi stats - --where 'id % 2 = 0' --csv --figures count,max --memory-limit 160MiB)`,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('id,1500000,3000000');
  });

  it('says that a plan needs all rows of a pipe that does not fit', () => {
    const { stderr, code } = shell(
      `{ echo id,name; seq -f '%.0f,some-name-that-is-long-enough' 3000000; } | nairobi query \\
        'select median(id) from stdin' --memory-limit 64MiB; exit \${PIPESTATUS[1]}`,
    );
    expect(stderr).toContain('all rows');
    expect(stderr).toContain('--memory-limit');
    expect(code).toBe(4);
  });
});
