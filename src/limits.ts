/** Every bound of the program, each with the reason for that number. */
import { bytes, KiB, MiB } from './units.ts';

/** One read: at the device's bandwidth; larger gains nothing (measured, bench/runs). */
export const READ_BLOCK_BYTES = bytes(1 * MiB);

/** Reads in flight: 8 x 1 MiB saturates the devices measured; deeper only costs memory. */
export const READS_IN_FLIGHT = 8;

/** From this size on, fresh memory is faulted in beside the reads into it (docs/io.md). */
export const PREFAULT_BYTES_MIN = bytes(32 * MiB);

/** Submission queue entries: room for every read in flight and the housekeeping beside them. */
export const RING_ENTRIES = 64;

/** The x86-64 and arm64 (4K granule) huge page; the pool's regions are multiples of it. */
export const HUGE_PAGE_BYTES = bytes(2 * MiB);

/** The largest read Linux performs in one call (MAX_RW_COUNT: INT_MAX rounded down to a page). */
export const MAX_READ_BYTES = bytes(0x7ffff000);

/** O_DIRECT offset, length and address alignment that every file system met so far accepts. */
export const DIRECT_ALIGN_BYTES = bytes(4 * KiB);

/** Below this, reading a file costs less than the thread that checks it beside a scan in place. */
export const IN_PLACE_BYTES_MIN = bytes(32 * MiB);

/** Of the memory limit, what of a file scanned in place may be mapped at one time. */
export const IN_PLACE_WINDOW_SHARE = 0.25;

/** Looked at to understand a stream; what is no longer than this is read whole. */
export const STREAM_HEAD_BYTES = bytes(4 * MiB);

/**
 * Of the memory limit, what holds the segments of a stream: with a quarter `stats --all --approx`
 * under 256 MiB came to 391 MiB and nested JSON did not fit, with an eighth to 310 and 361.
 */
export const STREAM_SHARE = 0.125;

/** More segments in memory gain nothing; but what is still there can be looked at again. */
export const STREAM_BYTES_MAX = bytes(512 * MiB);

/** Polars is at its speed from here on (docs/io.md). */
export const SEGMENT_BYTES_MAX = bytes(32 * MiB);

/**
 * Segments a region is meant for: what is made of one takes four times its bytes, and with 4 of them
 * `stats` under 256 MiB came to 449 MiB, with 8 to 387.
 */
export const SEGMENTS_IN_REGION = 8;

/** Segments in memory at least: one computed on, one ready, one being read, one cut in two. */
export const SEGMENTS_MIN = 4;

/** Of the free space of a file system, what a pipe kept on disk may take: others write, too. */
export const SPOOL_SHARE = 0.5;

/**
 * Decompression: more than this many bytes from one is a bomb. gzip cannot do more than 1032; text
 * of one line repeated reaches some ten thousand with zstd and xz.
 */
export const EXPANSION_MAX = 100_000;

/** Below this, nobody is harmed by what expands a lot. */
export const EXPANSION_FREE_BYTES = bytes(256 * MiB);

/** Levenshtein distance up to which a name is suggested for a misspelt one. */
export const SUGGESTION_DISTANCE = 3;

/** --threads at most: far beyond any edge host, and Polars starts them all. */
export const THREADS_MAX = 1024;
