/**
 * The heart: every door hands its calls to it. This thread never computes: it answers from what it
 * knows or gives the work to the pool.
 */
import { isOwnLine } from '../client/choose.ts';
import type { JsonObject } from '../client/protocol.ts';
import { NairobiError } from '../errors.ts';
import { exactJson } from '../exact-json.ts';
import { duplicate } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import { describe } from './describe.ts';
import type { Call, Client, Dispatcher, Peer, Reply } from './door.ts';
import { Heat } from './heat.ts';
import type { Figures } from './metrics.ts';
import { Params } from './params.ts';
import { Patience, Performer, type Work } from './perform.ts';
import { Pool } from './pool.ts';
import { type Dataset, Registry } from './registry.ts';
import type { TaskDone } from './tasks.ts';
import { commandWish, directoryOf, sourceWish, stepsOf } from './wishes.ts';

export interface DaemonOptions {
  /** Bytes of rows held, in all. */
  readonly memoryLimit: number;
  readonly workers: number;
  /** A request that runs longer is answered with TIMEOUT; it may ask for less. */
  readonly requestMs: number;
  /** Who we are, as package.json says it. */
  readonly program: { readonly name: string; readonly version: string };
  /** Directories below which sources may lie; anywhere when there are none. */
  readonly allowed: readonly string[];
  readonly log: (text: string) => void;
}

/** Requests of one client that may be in flight at a time. */
const IN_FLIGHT_MAX = 256;

/** What a call gets inline unasked, and what it may ask for. */
const INLINE_BYTES = 64 * 1024;
const INLINE_BYTES_MAX = 8 * 1024 * 1024;

interface Asked {
  readonly id: number;
  readonly call: Call;
  readonly client: Client;
  /** What this client waits for, by its own numbers. */
  readonly inFlight: Map<number, Patience>;
}

const plain = (result: object): Reply => ({ json: exactJson(result), fds: [] });

export class Daemon implements Dispatcher {
  readonly #options: DaemonOptions;
  readonly #pool: Pool;
  readonly #registry: Registry;
  readonly #performer: Performer;
  readonly #heat: Heat;
  readonly #started = Date.now();
  readonly #about: { readonly version: string; readonly pid: number };
  readonly #clients = new Set<Client>();
  #requests = 0;
  #failures = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#about = { version: options.program.version, pid: process.pid };
    const { workers, log, program, allowed } = options;
    this.#pool = new Pool({ threads: workers, spares: workers, log, setup: { program, allowed } });
    this.#registry = new Registry({
      limit: options.memoryLimit,
      onDrop: (held) => this.#pool.drop(held),
      isFramed: (held) => this.#pool.holds(held),
    });
    this.#performer = new Performer(this.#pool, this.#registry);
    this.#heat = new Heat(this.#registry, this.#performer);
  }

  connected(_peer: Peer): Client {
    const inFlight = new Map<number, Patience>();
    const client: Client = {
      call: async (id, call) => {
        this.#requests += 1;
        try {
          return await this.#dispatch({ id, call, client, inFlight });
        } catch (error) {
          this.#failures += 1;
          throw error;
        }
      },
      gone: () => {
        const reason = new NairobiError('INTERRUPTED', 'The client is gone');
        for (const patience of inFlight.values()) patience.giveUp(reason);
        for (const dataset of this.#registry.all) dataset.holders.delete(client);
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
    const datasets = this.#registry.all;
    return {
      uptimeSeconds: Math.round((Date.now() - this.#started) / 1000),
      clients: this.#clients.size,
      requests: this.#requests,
      failures: this.#failures,
      threads: { ...this.#pool.counts },
      memory: {
        limitBytes: this.#registry.limit,
        heldBytes: this.#registry.bytes,
        residentBytes: process.memoryUsage.rss(),
      },
      datasets: {
        known: datasets.length,
        inMemory: datasets.filter(({ resident }) => resident !== undefined).length,
        evictions: this.#registry.evictions,
      },
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
    const found = inFlight.get(id);
    found?.giveUp(new NairobiError('INTERRUPTED', 'The request was cancelled'));
    return { cancelled: found !== undefined };
  }

  #close(params: Params, { client }: Asked): JsonObject {
    const dataset = this.#registry.find(params.text('dataset'));
    const evict = params.flag('evict') === true;
    params.end();
    const closed = dataset.holders.delete(client);
    if (evict) this.#registry.forget(dataset);
    return { closed, inMemory: dataset.resident !== undefined };
  }

  async #open(params: Params, asked: Asked): Promise<Reply> {
    const dataset = this.#registry.of(sourceWish(params));
    const data = params.flag('data') === true;
    const { ms } = await this.#perform(params, {}, [dataset], asked);
    dataset.holders.add(asked.client);
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
    const dataset = this.#registry.find(params.text('dataset'));
    if (dataset.resident === undefined) await this.#perform(params, {}, [dataset], asked);
    else params.end();
    return plain(describe(dataset));
  }

  async #compute(method: string, params: Params, asked: Asked): Promise<Reply> {
    const source = method === 'Run' ? params.nested('open') : undefined;
    const dataset =
      source === undefined ? this.#named(params) : this.#registry.of(sourceWish(source));
    source?.end();
    const steps = stepsOf(method, params, dataset?.id);
    const needed = new Set(dataset === undefined ? [] : [dataset]);
    for (const id of Object.values(steps.query?.tables ?? {})) needed.add(this.#registry.find(id));
    const done = await this.#perform(params, steps, [...needed], asked);
    const fds = done.fds as readonly Fd[];
    const parts = Object.entries(done.answers);
    if (method !== 'Run') return { json: parts[0]?.[1] ?? '{}', fds };
    if (source !== undefined) dataset?.holders.add(asked.client);
    const about = dataset === undefined ? {} : { dataset: describe(dataset) };
    const head = exactJson({ ...about, ms: done.ms }).slice(1, -1);
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
    const hot = this.#registry.all.filter(({ resident }) => resident !== undefined);
    const done = await this.#perform(params, { command }, hot, asked);
    for (const id of done.used ?? []) this.#registry.touch(this.#registry.find(id));
    for (const wish of done.cold ?? []) this.#heat.missed(wish);
    const { answers, fds, tail } = done;
    const json = answers['command'] ?? '{}';
    return { json, fds: fds as readonly Fd[], ...(tail === undefined ? {} : { tail }) };
  }

  #named(params: Params): Dataset | undefined {
    const id = params.optionalText('dataset');
    return id === undefined ? undefined : this.#registry.find(id);
  }

  /** Reads the parameters every kind of work has, and waits for it as long as they say. */
  async #perform(
    params: Params,
    steps: Work['steps'],
    datasets: readonly Dataset[],
    { id, inFlight, client }: Asked,
  ): Promise<TaskDone> {
    const cwd = directoryOf(params) ?? '/';
    const inlineMax = Math.min(params.count('inlineMax') ?? INLINE_BYTES, INLINE_BYTES_MAX);
    const asked = params.count('timeoutMs') ?? this.#options.requestMs;
    params.end();
    if (inFlight.has(id)) throw new NairobiError('USAGE', `The request ${id} is in flight already`);
    if (inFlight.size >= IN_FLIGHT_MAX) {
      throw new NairobiError('LOCKED', `${IN_FLIGHT_MAX} requests are in flight already`, {
        hint: 'wait for some of them to be answered',
      });
    }
    const patience = new Patience(Math.min(asked, this.#options.requestMs));
    inFlight.set(id, patience);
    try {
      return await this.#performer.perform(
        { steps, cwd, inlineMax, owner: client },
        datasets,
        patience,
      );
    } finally {
      inFlight.delete(id);
      patience.end();
    }
  }
}
