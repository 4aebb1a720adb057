/**
 * The heart: every door hands its calls to it. This thread never computes: it answers from what it
 * knows or gives the work to the pool.
 */
import { isOwnLine } from '../client/choose.ts';
import type { JsonObject } from '../client/protocol.ts';
import { NairobiError } from '../errors.ts';
import { exactJson } from '../exact-json.ts';
import { OwnMemory } from '../host/own-memory.ts';
import { duplicate } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import type { DaemonOptions } from './daemon-options.ts';
import type { Dataset } from './dataset.ts';
import { describe, describeJson } from './describe.ts';
import type { Call, Client, Dispatcher, Peer, Reply } from './door.ts';
import { openWish } from './given.ts';
import { Heat } from './heat.ts';
import { InFlight } from './in-flight.ts';
import type { Figures } from './metrics.ts';
import { Params } from './params.ts';
import { Performer, type Work } from './perform.ts';
import { Pool } from './pool.ts';
import { Registry } from './registry.ts';
import type { TaskDone } from './tasks.ts';
import { commandWish, directoryOf, stepsOf } from './wishes.ts';

/** What a call gets inline unasked, and what it may ask for. */
const INLINE_BYTES = 64 * 1024;
const INLINE_BYTES_MAX = 8 * 1024 * 1024;

interface Asked {
  readonly id: number;
  readonly call: Call;
  readonly client: Client;
  /** Whose share of the workers it takes: the process's, whatever connections it has. */
  readonly owner: unknown;
  readonly inFlight: InFlight;
}

/** Methods that need a worker, or may. */
const COMPUTING = new Set(['Open', 'Query', 'Stats', 'Column', 'Plot', 'Run', 'Command']);

/** What holds no integer beyond a number's. */
const plain = (result: JsonObject): Reply => ({ json: JSON.stringify(result), fds: [] });

export class Daemon implements Dispatcher {
  readonly #options: DaemonOptions;
  readonly #pool: Pool;
  readonly #registry: Registry;
  readonly #performer: Performer;
  readonly #heat: Heat;
  readonly #started = Date.now();
  /** Open from the start: there may be no descriptor left when somebody asks. */
  readonly #memory = new OwnMemory('self');
  readonly #about: { readonly version: string; readonly pid: number };
  readonly #clients = new Set<Client>();
  #requests = 0;
  #failures = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#about = { version: options.program.version, pid: process.pid };
    const { workers, log, program, allowed, memoryLimit, rowsLimit } = options;
    const setup = { program, allowed };
    const heldBytes = (): number => this.#registry.fileBytes;
    this.#pool = new Pool({ workers, log, setup, memoryLimit, heldBytes });
    this.#registry = new Registry({
      limit: rowsLimit,
      onDrop: (held) => this.#pool.drop(held),
      isFramed: (held) => this.#pool.holds(held),
    });
    this.#performer = new Performer(this.#pool, this.#registry, options.clientMemory);
    this.#heat = new Heat(this.#registry, this.#performer);
  }

  get isBusy(): boolean {
    return this.#pool.isBusy;
  }

  announce(method: string): void {
    if (COMPUTING.has(method)) this.#pool.announce();
  }

  connected({ pid }: Peer): Client {
    const inFlight = new InFlight();
    const client: Client = {
      call: async (id, call) => {
        this.#requests += 1;
        try {
          const owner = pid > 0 ? pid : client;
          return await this.#dispatch({ id, call, client, owner, inFlight });
        } catch (error) {
          this.#failures += 1;
          throw error;
        }
      },
      gone: () => {
        inFlight.giveUp();
        this.#registry.letGoAll(client);
        this.#clients.delete(client);
      },
    };
    this.#clients.add(client);
    return client;
  }

  close(): void {
    this.#pool.close();
    this.#registry.close();
  }

  /** What Status answers, and the metrics say. */
  figures(): Figures {
    return {
      uptimeSeconds: Math.round((Date.now() - this.#started) / 1000),
      clients: this.#clients.size,
      requests: this.#requests,
      failures: this.#failures,
      workers: { ...this.#pool.counts },
      memory: {
        limitBytes: this.#registry.limit,
        heldBytes: this.#registry.bytes,
        computingBytes: this.#pool.ownBytes,
        ownBytes: this.#memory.bytes,
      },
      datasets: this.#registry.counts,
    };
  }

  async #dispatch(asked: Asked): Promise<Reply> {
    const { method } = asked.call;
    const params = new Params(asked.call.params, method);
    switch (method) {
      case 'Status':
        params.end();
        return plain({ ...this.#about, ...this.figures() });
      case 'List':
        params.end();
        return plain({ datasets: this.#registry.all.map(describe) });
      case 'Cancel':
        return plain(this.#cancel(params, asked));
      case 'Close':
        return plain(this.#close(params, asked));
      case 'Open':
        return this.#open(params, asked);
      case 'Schema':
        return this.#schema(params, asked);
      case 'Command':
        return this.#command(params, asked);
      case 'Query':
      case 'Stats':
      case 'Column':
      case 'Plot':
      case 'Run':
        return this.#compute(method, params, asked);
      default:
        throw new NairobiError('USAGE', `There is no method "${method}"`, {
          hint: 'see docs/serve.md',
        });
    }
  }

  #cancel(params: Params, { inFlight }: Asked): JsonObject {
    const id = params.count('id');
    params.end();
    if (id === undefined) throw new NairobiError('USAGE', 'Cancel: id is missing');
    return { cancelled: inFlight.cancel(id) };
  }

  #close(params: Params, { client }: Asked): JsonObject {
    const dataset = this.#registry.find(params.text('dataset'), client);
    const evict = params.flag('evict') === true;
    params.end();
    const closed = dataset.holders.delete(client);
    this.#registry.letGo(dataset);
    if (evict) this.#registry.forget(dataset);
    return { closed, inMemory: dataset.resident !== undefined };
  }

  async #open(params: Params, asked: Asked): Promise<Reply> {
    const data = params.flag('data') === true;
    const dataset = this.#source(params, asked);
    const { ms } = await this.#held(dataset, asked.client, () =>
      this.#perform(params, {}, [dataset], asked),
    );
    const held = dataset.resident?.held;
    const fds = data && held !== undefined ? [duplicate(held.fd as Fd) as Fd] : [];
    const about = { ...describe(dataset), ms };
    if (fds.length === 0) return plain(about);
    return {
      json: exactJson({ ...about, data: { format: 'arrow', bytes: held?.bytes, fd: 0 } }),
      fds,
    };
  }

  /** What is known of it; reads it only when it is not in memory. */
  async #schema(params: Params, asked: Asked): Promise<Reply> {
    const dataset = this.#registry.find(params.text('dataset'), asked.client);
    if (dataset.resident === undefined) await this.#perform(params, {}, [dataset], asked);
    else params.end();
    return { json: describeJson(dataset), fds: [] };
  }

  async #compute(method: string, params: Params, asked: Asked): Promise<Reply> {
    const source = method === 'Run' ? params.nested('open') : undefined;
    const dataset = source === undefined ? this.#named(params, asked) : this.#source(source, asked);
    const compute = async (): Promise<TaskDone> => {
      source?.end();
      const steps = stepsOf(method, params, dataset?.id);
      const needed = new Set(dataset === undefined ? [] : [dataset]);
      for (const id of Object.values(steps.query?.tables ?? {})) {
        needed.add(this.#registry.find(id, asked.client));
      }
      return this.#perform(params, steps, [...needed], asked);
    };
    const done = await (source === undefined || dataset === undefined
      ? compute()
      : this.#held(dataset, asked.client, compute));
    const fds = done.fds as readonly Fd[];
    const parts = Object.entries(done.answers);
    if (method !== 'Run') return { json: parts[0]?.[1] ?? '{}', fds };
    const about = dataset === undefined ? {} : { dataset: describe(dataset) };
    const head = JSON.stringify({ ...about, ms: done.ms }).slice(1, -1);
    const answers = parts.map(([name, json]) => `${JSON.stringify(name)}:${json}`);
    return { json: `{${[head, ...answers].join(',')}}`, fds };
  }

  /** A command line of the program's own, over what is in memory where it names that. */
  async #command(params: Params, asked: Asked): Promise<Reply> {
    const command = commandWish(params);
    const isTerminal = command.terminal.columns !== undefined;
    if (isOwnLine(command.command, command.argv, isTerminal)) {
      return plain({ instead: 'only the program itself can do it' });
    }
    const hot = this.#registry.all.filter(
      ({ resident, wish }) => resident !== undefined && wish.fd === undefined,
    );
    const done = await this.#perform(params, { command }, hot, asked);
    for (const id of done.used ?? []) this.#registry.touch(this.#registry.find(id, asked.client));
    for (const wish of done.cold ?? []) this.#heat.missed(wish);
    const { answers, fds, tail } = done;
    const json = answers['command'] ?? '{}';
    return { json, fds: fds as readonly Fd[], ...(tail === undefined ? {} : { tail }) };
  }

  /** The dataset of a path, or a new one of a descriptor that came with the call. */
  #source(params: Params, { call, client }: Asked): Dataset {
    const wish = openWish(params, call.fds);
    return wish.fd === undefined ? this.#registry.of(wish) : this.#registry.give(wish, client);
  }

  /** Once `work` is done the client holds the dataset; else what it gave of it is let go. */
  async #held(dataset: Dataset, client: Client, work: () => Promise<TaskDone>): Promise<TaskDone> {
    dataset.asked += 1;
    try {
      const done = await work();
      if (this.#clients.has(client)) {
        this.#registry.hold(dataset, client, this.#options.clientMemory);
      }
      return done;
    } finally {
      dataset.asked -= 1;
      this.#registry.letGo(dataset);
    }
  }

  #named(params: Params, { client }: Asked): Dataset | undefined {
    const id = params.optionalText('dataset');
    return id === undefined ? undefined : this.#registry.find(id, client);
  }

  /** Reads the parameters every kind of work has, and waits for it as long as they say. */
  async #perform(
    params: Params,
    steps: Work['steps'],
    datasets: readonly Dataset[],
    { id, inFlight, owner, call: { onSoon } }: Asked,
  ): Promise<TaskDone> {
    const cwd = directoryOf(params) ?? '/';
    const inlineMax = Math.min(params.count('inlineMax') ?? INLINE_BYTES, INLINE_BYTES_MAX);
    const asked = params.count('timeoutMs') ?? this.#options.requestMs;
    params.end();
    const work = { steps, cwd, inlineMax, owner, ...(onSoon && { onSoon }) };
    for (const dataset of datasets) dataset.asked += 1;
    try {
      return await inFlight.run(id, Math.min(asked, this.#options.requestMs), (patience) =>
        this.#performer.perform(work, datasets, patience),
      );
    } finally {
      for (const dataset of datasets) {
        dataset.asked -= 1;
        this.#registry.letGo(dataset);
      }
    }
  }
}
