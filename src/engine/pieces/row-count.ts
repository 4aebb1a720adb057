/** How many rows a file says that it has. */
import { collect, polars } from '../../compute/polars.ts';
import type { Decoded } from '../../formats/decoded.ts';

/** Of Parquet and Arrow files; undefined for the others. */
export function rowCountOf(decoded: Decoded): number | undefined {
  const { format } = decoded;
  if (format !== 'parquet' && format !== 'arrow') return undefined;
  const pl = polars();
  try {
    const counted = collect(decoded.scan().select(pl.len().cast(pl.Float64)));
    return Number(counted.getColumn('len').get(0));
  } catch {
    return undefined; // damaged: reading its rows says so with its place
  }
}
