/** nairobi query: SQL over files. */
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { Column } from '../compute/relation.ts';
import { sourceFromList } from '../engine/inputs/file-list.ts';
import { parseSource } from '../engine/inputs/sources.ts';
import { outline, type QueryOutline, type QueryRequest, query } from '../engine/query.ts';
import { Session, type SessionOptions } from '../engine/session.ts';
import { NairobiError } from '../errors.ts';
import { BaseCommand } from './base.ts';
import { toJsonText } from './json.ts';
import { printResult, resultFlags, rowsAsJson } from './print-result.ts';
import { formatOutline, parseParameters, readSql } from './query-words.ts';
import {
  filesFlags,
  filesOptions,
  parseSchemas,
  readFlags,
  readOptions,
  schemaFlag,
  viaFlags,
} from './read-flags.ts';

export interface QueryJson {
  readonly columns: readonly Column[];
  readonly rowCount: number;
}

export default class Query extends BaseCommand {
  static override summary = 'Ask a question of files in SQL';

  static override description =
    'A file is named in quotes behind FROM, or given after the SQL: its table then has the name ' +
    'of the file, or the one before "=". A single file is also the table "data"; "-" is stdin.';

  static override examples = [
    {
      description: 'A file behind FROM',
      command: `nairobi query "select weather, count(*) from 'weather.csv' group by weather"`,
    },
    {
      description: 'Tables named after arguments',
      command:
        'nairobi query "select avg(temp_max) from w where location = \'Seattle\'" w=weather.csv',
    },
    {
      description: 'From a pipe into a pipe',
      command: 'cat weather.csv | nairobi query "select max(wind) from stdin"',
    },
    {
      description: 'A value that is bound, never spliced',
      command:
        'nairobi query "select count(*) from \'weather.csv\' where weather = $kind" -p kind=rain',
    },
  ];

  static override strict = false;

  static override args = {
    sql: Args.string({
      ignoreStdin: true,
      description: 'The query, unless -f names a file that holds it',
    }),
    sources: Args.string({
      ignoreStdin: true,
      description: 'Paths, globs, directories or -, perhaps as NAME=PATH',
    }),
  };

  static override flags = {
    ...resultFlags,
    file: Flags.string({
      char: 'f',
      summary: 'Read the SQL from this file; - is stdin',
      helpValue: 'FILE',
    }),
    param: Flags.string({
      char: 'p',
      summary: 'The value of $NAME in the SQL',
      helpValue: 'NAME=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    tz: Flags.string({
      summary: 'The time zone of the session, such as Africa/Nairobi',
      helpValue: 'ZONE',
      default: 'UTC',
    }),
    'dry-run': Flags.boolean({
      summary: 'Say what was understood and what would be read, and do no more',
    }),
    ...filesFlags,
    ...schemaFlag,
    ...readFlags,
    ...viaFlags,
  };

  /** With --json: the rows as JSON text, which holds more digits than JavaScript numbers do. */
  #rows: Buffer | undefined;

  async run(): Promise<QueryJson | QueryOutline> {
    const { argv, flags } = await this.parse(Query);
    const words = argv as string[];
    const sql = flags.file === undefined ? words.shift() : readSql(flags.file);
    if (sql === undefined) {
      throw new NairobiError('USAGE', 'There is no SQL to run', {
        hint: 'nairobi query "select * from \'FILE\'", or -f FILE.sql',
      });
    }
    const request: QueryRequest = {
      sql,
      sources: [
        ...words.map(parseSource),
        ...(flags['files-from'] === undefined ? [] : [sourceFromList(flags['files-from'])]),
      ],
      parameters: parseParameters(flags.param ?? []),
      timeZone: flags.tz,
    };
    const schemas = parseSchemas(flags.schema);
    const options: SessionOptions = {
      host: this.hostOptions(flags),
      once: 'early',
      read: readOptions(flags),
      ...filesOptions(flags),
      ...(schemas === undefined ? {} : { schemas }),
    };
    using session = new Session(options, this.reporter);
    if (flags['dry-run']) return this.#printOutline(await outline(session, request));
    const result = await query(session, request);
    if (this.jsonEnabled()) this.#rows = rowsAsJson(result, flags);
    else await printResult(result, flags, this.reporter);
    return { columns: result.columns, rowCount: result.frame.height };
  }

  /** { "columns": ..., "rowCount": ..., "report": ..., "rows": [...] } */
  protected override logJson(json: unknown): void {
    if (this.#rows === undefined) {
      super.logJson(json);
      return;
    }
    const head = toJsonText(json).replace(/\n?\}$/, '');
    process.stdout.write(Buffer.concat([Buffer.from(`${head},"rows":`), this.#rows, JSON_END]));
  }

  #printOutline(found: QueryOutline): QueryOutline {
    if (!this.jsonEnabled()) process.stdout.write(formatOutline(found));
    return found;
  }
}

const JSON_END = Buffer.from('}\n');
