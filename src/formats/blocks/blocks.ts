/** What the binary formats that consist of blocks have in common. */
export interface WholeBlocks {
  readonly byteLength: number;
  readonly rows: number;
}

export type BlockFormat = 'avro' | 'arrow-stream';
