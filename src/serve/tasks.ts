/** What the daemon's workers are asked and what they answer. Everything here can be cloned. */
import type { Column } from '../compute/relation.ts';
import type { Question } from '../engine/stats/answers.ts';
import type { ErrorJson } from '../errors.ts';
import type { ReadOptions } from '../formats/options.ts';
import type { ChartFormat } from '../render/output/encode.ts';
import type { PlotRequest } from '../render/request.ts';
import type { ParameterValue } from '../sql/plan.ts';

/** A source and all that decides how its rows are understood: equal ones are the same dataset. */
export interface SourceWish {
  /** A path, glob or directory, as the client writes it. */
  readonly path: string;
  /** Where a relative path begins. */
  readonly cwd: string;
  readonly read: ReadOptions;
  readonly unionByName?: boolean;
  readonly filenameColumn?: string;
  /** The open file itself, which `path` only names: see given.ts. */
  readonly fd?: number;
}

/** What of a file tells that it is the same: enough for the source of a dataset. */
export interface FileMark {
  readonly path: string;
  readonly size: number;
  /** Device, inode, size, times of change in nanoseconds. */
  readonly identity: string;
  /** The later of its times of change, in milliseconds since 1970. */
  readonly changedMs: number;
}

/** Rows held in memory: an Arrow IPC file in a sealed memfd. */
export interface Held {
  readonly id: string;
  /** Counts the times its source was read: 1, 2, ... */
  readonly version: number;
  readonly name: string;
  readonly fd: number;
  readonly bytes: number;
  /** What the bytes lie on. */
  readonly pages: 'hugetlb-2M' | 'plain';
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly wish: SourceWish;
  readonly files: readonly FileMark[];
  /** True when reading all rows changed nothing of what the first ones promised. */
  readonly asInferred: boolean;
}

export const DATA_FORMATS = ['json', 'arrow', 'csv', 'tsv', 'ndjson', 'parquet'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

export interface QueryWish {
  readonly sql: string;
  /** Table names to datasets. */
  readonly tables: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly timeZone: string;
  readonly as: DataFormat;
}

type Rows = {
  readonly where?: string;
  readonly sql?: string;
  readonly parameters?: QueryWish['parameters'];
};

export interface StatsWish extends Rows {
  readonly dataset: string;
  readonly columns?: readonly string[];
  readonly quantiles?: readonly number[];
  readonly approx?: boolean;
  readonly question?: Exclude<Question, { is: 'compare' | 'expect' }>;
}

export interface ColumnWish {
  readonly dataset: string;
  readonly column: string;
  readonly figures: readonly string[];
}

export interface PlotWish extends Rows {
  readonly dataset: string;
  readonly format: ChartFormat;
  /** What was said; the rest is as DEFAULT_REQUEST has it. */
  readonly request: Partial<PlotRequest>;
}

/** A command line of `nairobi`, run for a client that prints what it gives. */
export interface CommandWish {
  readonly command: 'query' | 'stats' | 'plot';
  readonly argv: readonly string[];
  /** What of the client's environment the output depends on. */
  readonly env: Readonly<Record<string, string>>;
  /** Device and inode of the working directory, as the client sees it. */
  readonly place?: string;
  readonly terminal: {
    /** Undefined for a pipe or a file. */
    readonly columns?: number;
    readonly rows?: number;
  };
}

/** Steps of one call; what they give is under the same names. */
export interface Steps {
  readonly query?: QueryWish;
  readonly stats?: StatsWish;
  readonly column?: ColumnWish;
  readonly plot?: PlotWish;
  readonly command?: CommandWish;
}

/** A source to read, and what its rows are to be called. */
export type Opening = Pick<Held, 'id' | 'version' | 'wish'>;

export interface Task {
  readonly id: number;
  /** Read this source first: its rows are then the dataset of this id. */
  readonly open?: Opening;
  /** What the steps name beside it. */
  readonly held: readonly Held[];
  readonly steps: Steps;
  readonly cwd: string;
  /** Answers of up to this many bytes go inline. */
  readonly inlineMax: number;
  readonly memoryLimit: number;
}

/** Of what was to be opened, what only the worker knows. */
export type Opened = Omit<Held, keyof Opening>;

/** What a task gave, once its answer is with the daemon. */
export interface TaskDone {
  /** Answers of the steps by name, each the text of a JSON object. */
  readonly answers: Readonly<Record<string, string>>;
  /** In the order the answers refer to them. */
  readonly fds: readonly number[];
  readonly ms: Readonly<Record<string, number>>;
  /** Bytes that follow the answer of a command. */
  readonly tail?: Uint8Array;
  /** Datasets a command read, and sources it read that were not in memory. */
  readonly used?: readonly string[];
  readonly cold?: readonly SourceWish[];
}

/** The source of this dataset is not what it was: read it again. */
export interface TaskStale {
  readonly stale: string;
}

export interface TaskFailed {
  readonly error: ErrorJson;
  readonly exit: number;
  /** A bug of ours, with its stack for the log. */
  readonly stack?: string;
}

export type TaskAnswer = TaskDone | TaskStale | TaskFailed;

/** How a worker knows the rows of one version of a dataset. */
export const frameKey = ({ id, version }: Pick<Held, 'id' | 'version'>): string =>
  `${id}@${version}`;

/** What a worker is told first. */
export interface WorkerSetup {
  /** The program as package.json has it: see commands/program.ts. */
  readonly program: object;
  /** Directories below which it may read; everywhere when there are none. */
  readonly allowed: readonly string[];
}

/** A task whose rows the worker was given before. */
export interface WorkerTask extends Omit<Task, 'held'> {
  readonly held: readonly string[];
}

/**
 * From the daemon to a worker. A descriptor, also that of `wish`, is its place among those that
 * come with the message.
 */
export type ToWorker =
  | { readonly setup: WorkerSetup }
  | { readonly give: readonly Held[] }
  | { readonly drop: string }
  | { readonly task: WorkerTask };

/** What a command printed: its bytes as text (latin1), or how many the last descriptor holds. */
export type PackedTail = string | number;

/** The same with what comes beside it. */
export type WorkerDone = Omit<TaskDone, 'fds' | 'tail'> & { readonly tail?: PackedTail };

/** From a worker to the daemon. */
export type FromWorker =
  | { readonly warmed: number; readonly isConfined: boolean }
  /** The rows of what was to be opened are there, in the one descriptor. */
  | { readonly opened: Omit<Opened, 'fd'> }
  | { readonly answer: WorkerDone | TaskStale | TaskFailed };
