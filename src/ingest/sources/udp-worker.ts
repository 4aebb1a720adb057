/**
 * A thread that does nothing but take datagrams from the kernel, so that no pause of the others
 * (a commit, a garbage collection) makes it drop any. Each datagram becomes whole lines.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ERRNO } from '../../kernel/errno.ts';
import { bindUdp, DatagramVector, droppedDatagrams } from '../../kernel/sockets.ts';
import { lend } from '../../kernel/syscall.ts';
import { BACKLOG, STOP, type UdpMessage, type UdpTask } from './udp-protocol.ts';

/** With so much untaken the thread lets the kernel drop, which is counted, instead of growing. */
const MOST_BACKLOG_BYTES = 256 << 20;

/** A call takes so many: at 200,000 a second one call in 1.3 ms. */
const VECTOR = 256;
/** The longest datagram that UDP can carry. */
const DATAGRAM_BYTES = 65_536;
/** Handed on when so much has come or so long has passed. */
const BATCH_BYTES = 1 << 20;
const BATCH_MS = 100;
/** After a stop, what waits in the kernel is taken for at most so long. */
const DRAIN_MS = 500;
/** Room for half a second of 200,000 datagrams a second, as the kernel counts them (768 each). */
const BUFFER_BYTES = 64 << 20;

const NEWLINE = 0x0a;

function receive({ address, port, shared }: UdpTask): void {
  const post = (message: UdpMessage, transfer: ArrayBuffer[] = []): void =>
    parentPort?.postMessage(message, transfer);
  const socket = bindUdp(address, port, BUFFER_BYTES);
  post({ kind: 'listening', port: socket.port, bufferBytes: socket.bufferBytes });
  const vector = new DatagramVector(VECTOR, DATAGRAM_BYTES, (view) => lend(view, (at) => at));
  let batch = Buffer.allocUnsafeSlow(BATCH_BYTES * 2);
  let used = 0;
  let datagrams = 0;
  let since = performance.now();
  const flush = (): void => {
    if (used > 0) {
      const data = new Uint8Array(batch.subarray(0, used));
      Atomics.add(shared, BACKLOG, used);
      while (
        Atomics.load(shared, BACKLOG) > MOST_BACKLOG_BYTES &&
        Atomics.load(shared, STOP) === 0
      ) {
        Atomics.wait(shared, STOP, 0, BATCH_MS);
      }
      post({ kind: 'lines', data, datagrams, dropped: droppedDatagrams(socket.fd) }, [data.buffer]);
    }
    used = 0;
    datagrams = 0;
    since = performance.now();
  };
  let stopBy = Number.POSITIVE_INFINITY;
  for (;;) {
    const count = vector.receive(socket.fd);
    if (Atomics.load(shared, STOP) === 1) stopBy = Math.min(stopBy, performance.now() + DRAIN_MS);
    // What had come before the stop is taken; a flood that goes on is not waited for.
    if (performance.now() >= stopBy || (count < 0 && stopBy < Number.POSITIVE_INFINITY)) break;
    if (count < 0 && count !== -ERRNO.EAGAIN && count !== -ERRNO.EINTR) {
      post({ kind: 'failed', message: `recvmmsg answered ${count}` });
      return;
    }
    for (let index = 0; index < count; index += 1) {
      const data = vector.datagram(index);
      if (used + data.length + 1 > batch.length) {
        flush();
        batch = Buffer.allocUnsafeSlow(BATCH_BYTES * 2);
      }
      data.copy(batch, used);
      used += data.length;
      if (data.length > 0 && data[data.length - 1] !== NEWLINE) {
        batch[used] = NEWLINE;
        used += 1;
      }
      datagrams += 1;
    }
    if (used >= BATCH_BYTES || performance.now() - since >= BATCH_MS) flush();
  }
  flush();
  post({ kind: 'stopped', dropped: droppedDatagrams(socket.fd) });
}

receive(workerData as UdpTask);
