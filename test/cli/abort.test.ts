import { describe, expect, it } from 'vitest';
import { folderWith, nairobi } from './nairobi.ts';

/** TPC-H's nation from DuckDB with three bytes changed: Polars asks for 2^61 bytes and aborts. */
const DAMAGED = Buffer.from(
  'UEFSMRUAFdQBFXwsFREVABUGFQYAACi1L/0gaq0BAGJGCw8AW60B/P//4bqui7FV7hSXHh36c+fNmS9Xnhz5cePF' +
    'iQ8XHhx4O/v6vZp+AQEACAoSFQAVtgQVigMsFTIVABUGFQYAACi1L/1gGwDdBQCCTCMbQIuqA+BtowShFP+DTdlE' +
    'jMA4cFEGSYp6AIZS65jZOkDJHDwjYY4dW1sEf62WyMjuC0ecTtw0r7YGPhqlxCtKy1NtD9ccR5AfBamUlAk5wWOg' +
    'TaZFWwRaeeFA59se/HWYDN7gEzTKO1fQqXCVrmADTCXn2gbYGF0afziRtgjjGd5JAj/vNNxWwJDQFiARANXsMNE2' +
    'BLcGhGgqlus4FEyzaTUpK67yusKMpmGcEIWpK1hsabHAVrEDFAQVKBU6TBUKFQAAACi1L/0gFKEAAAAAAAABAAAA' +
    'BAAAAAMAAAACAAAAFQAV0AkVRCwVMhUEFQYVBgAAKLUv/SBozQAAmAIAAAAyAQNBSCJspEQBCCduAQABAGUCYRUE' +
    'FQoVHEwVAhUAAAAotS/9IAUpAAABAAAAeBUAFRIVJCwVMhUEFQYVBgAAKLUv/SAJSQAAAgAAADIBATIAFUAcHAAA' +
    'HBwAABwcAAAAJAAMIAAAIAwIwIAABwIAIIAggIQQIEIAAChQAgA4QAAVQBwcAAAcHAAAHBwAAAAQAAAAAAAABAAE' +
    'AAAAEAAAEAAAAAAAQAAAAABAAAAAAhUCGVw1ABgNZHVja2RiX3NjaGVtYRUIABUCJQIYC25fbmF0aW9ua2V5JSIA' +
    'FQwlAhgGbl9uYW1lJQAAFQIlAhgLbl9yZWdpb25rZXklIgAVDCUCGAluX2NvbW1lbnQlAAAWMhkcGUwmABwVAhkV' +
    'ABkYC25fbmF0aW9ua2V5FQwWMhb4ARagASYIPBgEGAAAABgEAAAAABYAKAQYAAAAGAQAAAAAEREAAAAmABwVDBkV' +
    'ABkYBm5fbmFtZRUMFjIW3AQWsAMmqAE8GAdWSUVUTkFNGAdBTEdFUklBFgAoB1ZJRVROQU0YB0FMR0VSSUEREQAA' +
    'ACYAHBUCGRUEGRgLbl9yZWdpb25rZXkVDBYyFrYCFrwBJqwFJtgEHBgEBAAAABgEAAAAABYAFgoYBAQAAAAYBAAA' +
    'AAAREQAmkAcVXgAAJgAcFQwZFQQZGAluX2NvbW1lbnQVDBYyFlgWfCbKBiaUBhwYAXgYAXgWABYCGAF4GAF4EREA' +
    'Ju4HFV4AABbiCRYyJggWiAcAKChEdWNrREIgdmVyc2lvbiB2MS41LjYgKGJ1aWxkIDA2OWNjOWY5YjUpGUwcAAAc' +
    'AAAcAAAcAAAAwQEAAFBBUjE=',
  'base64',
);

describe('a Parquet file that makes Polars abort', () => {
  it('is an error that names it, with an exit code', () => {
    const cwd = folderWith({ 'nation.parquet': DAMAGED });
    const plain = nairobi(['query', "select * from 'nation.parquet'"], { cwd });
    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain('reading: nation.parquet is damaged');
    const json = nairobi(['query', "select * from 'nation.parquet'", '--json'], { cwd });
    expect(json.code).toBe(1);
    const error = JSON.parse(json.stderr.trim().split('\n').at(-1) ?? '') as unknown;
    expect(error).toMatchObject({ error: { code: 'BAD_DATA', exit: 1 } });
  });
});
