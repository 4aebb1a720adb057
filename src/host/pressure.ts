/** Pressure stall information: the share of time in which work waited for a resource. */

export interface PressureLine {
  /** Percent of the last 10, 60 and 300 seconds. */
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalMicroseconds: number;
}

export interface Pressure {
  readonly some: PressureLine;
  /** Everything waited. Older kernels have no such line for cpu. */
  readonly full: PressureLine | undefined;
}

/** Reads /proc/pressure/X or a cgroup's X.pressure; undefined with psi=0 or CONFIG_PSI=n. */
export function readPressure(text: string | undefined): Pressure | undefined {
  const line = (kind: string): PressureLine | undefined => {
    const match = new RegExp(
      `^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)`,
      'm',
    ).exec(text ?? '');
    if (match === null) return undefined;
    const [avg10 = 0, avg60 = 0, avg300 = 0, totalMicroseconds = 0] = match.slice(1).map(Number);
    return { avg10, avg60, avg300, totalMicroseconds };
  };
  const some = line('some');
  return some === undefined ? undefined : { some, full: line('full') };
}
