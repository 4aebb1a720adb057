/** The decompressor of each compression, and where the host gets it from. */
import { openBzip2 } from './bzip2.ts';
import type { Codec, CodecName } from './codec.ts';
import { openLz4 } from './lz4.ts';
import { openXz } from './xz.ts';
import { openZlib } from './zlib.ts';
import { openZstd } from './zstd.ts';

const OPENERS: Readonly<Record<CodecName, () => Codec | undefined>> = {
  gz: openZlib,
  zst: openZstd,
  bz2: openBzip2,
  xz: openXz,
  lz4: openLz4,
};

/** The package that brings the library, by its Debian name, for the hint where it is missing. */
export const CODEC_PACKAGES: Readonly<Record<CodecName, string>> = {
  gz: 'zlib1g',
  zst: 'libzstd1',
  bz2: 'libbz2-1.0',
  xz: 'liblzma5',
  lz4: 'liblz4-1',
};

/** undefined when the host lacks the library. */
export const openCodec = (name: CodecName): Codec | undefined => OPENERS[name]();
