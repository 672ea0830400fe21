/**
 * What lies in the file.
 *
 *   T            entries, in the order in which they were written: a write over one that is there
 *                takes its place at the end, so the oldest are those with the lowest rowid
 *   T_leases     rights to fill: who has it, until when, whether somebody else has asked for it
 *   T_logs       one row for each invalidation log: its epoch, counter, floor, sums
 *   T_log        records, numbered without a gap
 *   T_names      the newest record of each tag ('t') and prefix ('p')
 *   T_members    processes: when their lease ends, and how far they have said they applied the log
 *   T_told       keys that were filled while others waited: the last thousand or so
 *
 * Moments are milliseconds of the machine's clock, which all processes on the file share.
 */
export type Names = (part?: string) => string

export function namesIn(table: string): Names {
  return (part) => `"${part === undefined ? table : `${table}_${part}`}"`
}

export function tables(name: Names): string {
  return entryTables(name) + logTables(name)
}

function entryTables(name: Names): string {
  return `CREATE TABLE IF NOT EXISTS ${name()} (
  key TEXT NOT NULL UNIQUE,
  value BLOB NOT NULL,
  expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS ${name('leases')} (
  key TEXT PRIMARY KEY,
  token TEXT NOT NULL,
  is_waited_for INTEGER NOT NULL,
  ends_at REAL NOT NULL
) WITHOUT ROWID;
`
}

function logTables(name: Names): string {
  return `CREATE TABLE IF NOT EXISTS ${name('logs')} (
  name TEXT PRIMARY KEY,
  epoch TEXT NOT NULL,
  began_at REAL NOT NULL,
  seq INTEGER NOT NULL,
  floor INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  tags INTEGER NOT NULL,
  prefixes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ${name('log')} (
  log TEXT NOT NULL,
  seq INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  origin TEXT NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (log, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ${name('names')} (
  log TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (log, kind, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ${name('names_seq')} ON ${name('names')} (log, kind, seq);
CREATE TABLE IF NOT EXISTS ${name('members')} (
  log TEXT NOT NULL,
  id TEXT NOT NULL,
  ends_at REAL NOT NULL,
  acked INTEGER NOT NULL,
  PRIMARY KEY (log, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ${name('told')} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL
);
`
}
