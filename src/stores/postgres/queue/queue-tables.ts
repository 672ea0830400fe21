/**
 * The tables of the write queues:
 *
 *   T_parts    one row for each partition: its newest version, its holder with its epoch and lease,
 *              how many keys wait, when a write was last settled as done; of the first partition
 *              also how many partitions there are
 *   T_writes   what waits: when it is due, since when it waits
 *   T_dead     the dead letters
 *
 * Logged, also where entries are not: what waits is nowhere else. A row of T_parts is updated with
 * every put, so its page has room for versions of it that touch no index. A later write of a key
 * that waits changes no indexed column either.
 */
import type { Names } from '../tables.js'

const KEPT = `version bigint NOT NULL,
  attempts bigint NOT NULL,
  op text NOT NULL,
  value bytea NOT NULL`

export function queueTables(name: Names, table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name('parts')} (
  queue text COLLATE "C" NOT NULL,
  part integer NOT NULL,
  parts integer,
  version bigint NOT NULL DEFAULT 0,
  epoch bigint NOT NULL DEFAULT 0,
  holder text COLLATE "C",
  ends_at timestamptz NOT NULL DEFAULT '-infinity',
  pending bigint NOT NULL DEFAULT 0,
  done_at timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (queue, part)
) WITH (fillfactor = 20);
CREATE TABLE IF NOT EXISTS ${name('writes')} (
  queue text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  part integer NOT NULL,
  due_at timestamptz NOT NULL,
  since timestamptz NOT NULL,
  ${KEPT},
  PRIMARY KEY (key, queue)
) WITH (fillfactor = 85, toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE ${name('writes')} ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS "${table}_writes_due" ON ${name('writes')} (queue, part, due_at);
CREATE INDEX IF NOT EXISTS "${table}_writes_since" ON ${name('writes')} (queue, part, since);
CREATE TABLE IF NOT EXISTS ${name('dead')} (
  queue text COLLATE "C" NOT NULL,
  part integer NOT NULL,
  key text COLLATE "C" NOT NULL,
  died_at timestamptz NOT NULL,
  error text NOT NULL,
  ${KEPT},
  PRIMARY KEY (queue, part, key)
);
ALTER TABLE ${name('dead')} ALTER COLUMN value SET STORAGE EXTERNAL;
`
}
