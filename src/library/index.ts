/** `import { readCsv, connect } from 'nairobi'`; nairobi.d.ts says what each does. */
import { NairobiError } from '../errors.ts';
import type * as Api from './nairobi.d.ts';
import type { Transport } from './transport.ts';

let local: Transport | undefined;

/** The engine of this process, loaded when first needed. */
async function here(): Promise<Transport> {
  const { LocalTransport } = await import('./local.ts');
  local ??= new LocalTransport();
  return local;
}

async function open(
  transport: Transport,
  path: string,
  options: Api.ReadOptions | undefined,
): Promise<Api.Frame> {
  return (await import('./frame.ts')).openFrame(transport, path, options);
}

export const read: typeof Api.read = async (path, options) => open(await here(), path, options);

export const readCsv: typeof Api.readCsv = async (path, options) =>
  open(await here(), path, { format: 'csv', ...options });

export const connect: typeof Api.connect = async (socket) => {
  const { openRemote } = await import('./remote.ts');
  const transport = openRemote(socket);
  return {
    read: (path, options) => open(transport, path, options),
    readCsv: (path, options) => open(transport, path, { format: 'csv', ...options }),
    status: async () => (await transport.call('Status', {})).result as unknown as Api.Row,
    close: () => transport[Symbol.dispose](),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
};

export const isNairobiError = (error: unknown): error is Api.NairobiErrorLike =>
  error instanceof NairobiError;
