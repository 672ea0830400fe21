/**
 * What lies in Postgres: the names of tables and functions, and the SQL that makes the tables.
 *
 *   T            entries: key, value, when it expires, when it was written
 *   T_leases     rights to fill: who has it, until when, whether somebody else has asked for it
 *   T_logs       one row for each invalidation log: its epoch, and the server that it began on
 *   T_log        records, numbered without a gap. The newest one also holds what a log must know:
 *                floor, sum of bytes, how many tags and prefixes are kept. There is no counter to
 *                update: its dead versions would pile up behind every long transaction of others
 *   T_names      the newest record of each tag ('t') and prefix ('p'), found by SHA-256: an index
 *                takes no long text
 *   T_members    processes, and when their lease ends
 *   T_chores     what one process does for all: when it is due again
 *   T_parts, T_writes, T_dead   the queues of writes: see queue-tables.ts
 *
 * Names compare by bytes ("C"), whatever the database's locale. Values are kept as they come: they
 * are compressed already, where that pays. Entries have one index, that of their keys, so a write
 * over one that is there mostly stays on its page and touches no index (a third less time for a
 * batch of 100); the sweeper walks over the pages in place of asking an index.
 */
export interface TableOptions {
  readonly schema: string
  readonly table: string
  readonly isUnlogged: boolean
}

/** How a table or function of the store is written in a statement. */
export type Names = (part?: string) => string

export function namesIn({ schema, table }: Pick<TableOptions, 'schema' | 'table'>): Names {
  return (part) => `"${schema}"."${part === undefined ? table : `${table}_${part}`}"`
}

export function tables(options: TableOptions): string {
  const name = namesIn(options)
  const create = `CREATE ${options.isUnlogged ? 'UNLOGGED ' : ''}TABLE IF NOT EXISTS`
  return entryTables(name, create) + logTables(name, create, options.table)
}

function entryTables(name: Names, create: string): string {
  return `${create} ${name()} (
  key text COLLATE "C" PRIMARY KEY,
  value bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  written_at timestamptz NOT NULL
) WITH (fillfactor = 85, toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE ${name()} ALTER COLUMN value SET STORAGE EXTERNAL;
${create} ${name('leases')} (
  key text COLLATE "C" PRIMARY KEY,
  token text NOT NULL,
  is_waited_for boolean NOT NULL DEFAULT false,
  ends_at timestamptz NOT NULL
) WITH (fillfactor = 70);
${create} ${name('chores')} (
  name text PRIMARY KEY,
  due_at timestamptz NOT NULL
);
`
}

function logTables(name: Names, create: string, table: string): string {
  return `${create} ${name('logs')} (
  name text COLLATE "C" PRIMARY KEY,
  epoch text NOT NULL,
  server text NOT NULL,
  began_at timestamptz NOT NULL
);
${create} ${name('log')} (
  log text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  floor bigint NOT NULL,
  bytes bigint NOT NULL,
  tags bigint NOT NULL,
  prefixes bigint NOT NULL,
  origin text NOT NULL,
  payload text,
  PRIMARY KEY (log, seq)
);
${create} ${name('names')} (
  log text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  hash bytea NOT NULL,
  name text NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (log, kind, hash)
);
CREATE INDEX IF NOT EXISTS "${table}_names_seq" ON ${name('names')} (log, kind, seq);
${create} ${name('members')} (
  log text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  ends_at timestamptz NOT NULL,
  PRIMARY KEY (log, id)
) WITH (fillfactor = 50);
`
}
