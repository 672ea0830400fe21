/**
 * The functions of a write queue: what queue-scripts.ts is for Redis, with the same answers.
 *
 * Whatever changes a partition locks its row first, and the rows of several in the order of their
 * numbers, so that nobody waits in a circle; each statement after that sees all that others have
 * done to the partition. Moments are asked for under that lock: the start of the transaction lies
 * before what another one did meanwhile.
 *
 * A put waits for the disk as it was told. Of the rest, what a crash undoes is done once more. Not
 * so an epoch: one that was given twice would let its first holder settle what is another's.
 */
import { definition, HURRY, LAST } from '../function-parts.js'
import type { Names } from '../tables.js'
import { claim } from './claim-function.js'
import { put } from './put-function.js'
import { BY_INDEX, IS_PART, isKey, lengthOf } from './queue-parts.js'
import { settle } from './settle-function.js'

export function queueFunctions(name: Names): string {
  const all = [lock, prepare, put, claim, renew, settle, release, letters, waiting, state]
  return all.map((each) => each(name)).join('')
}

/** The row of a partition, locked; made where it is missing. */
function lock(name: Names): string {
  return definition(
    `${name('queue_lock')}(of_queue text, of_part integer) RETURNS ${name('parts')}`,
    `DECLARE p ${name('parts')};
BEGIN
  LOOP
    SELECT * INTO p FROM ${name('parts')} WHERE ${IS_PART} FOR UPDATE;
    IF FOUND THEN RETURN p; END IF;
    INSERT INTO ${name('parts')} (queue, part) VALUES (of_queue, of_part)
      ON CONFLICT (queue, part) DO NOTHING;
  END LOOP;
END`,
  )
}

/** How many partitions there are, and whether commits can wait for another server. */
function prepare(name: Names): string {
  return definition(
    `${name('queue_prepare')}(of_queue text, wanted integer, OUT known integer,
  OUT has_standby boolean)`,
    `BEGIN
  ${BY_INDEX}
  ${LAST}
  known := (${name('queue_lock')}(of_queue, 0)).parts;
  IF known IS NULL THEN
    known := wanted;
    UPDATE ${name('parts')} SET parts = wanted WHERE queue = of_queue AND part = 0;
  END IF;
  has_standby := current_setting('synchronous_standby_names') <> '';
END`,
  )
}

/** Whether it was still held under that epoch. */
function renew(name: Names): string {
  return definition(
    `${name('queue_renew')}(of_queue text, of_part integer, of_epoch bigint, lease_ms float8)
  RETURNS boolean`,
    `BEGIN
  ${BY_INDEX}
  ${HURRY}
  UPDATE ${name('parts')} SET ends_at = clock_timestamp() + ${lengthOf('lease_ms')}
    WHERE ${IS_PART} AND epoch = of_epoch AND ends_at > clock_timestamp();
  RETURN FOUND;
END`,
  )
}

function release(name: Names): string {
  return definition(
    `${name('queue_release')}(of_queue text, of_part integer, of_epoch bigint) RETURNS void`,
    `BEGIN
  ${BY_INDEX}
  ${HURRY}
  UPDATE ${name('parts')} SET holder = NULL, ends_at = '-infinity'
    WHERE ${IS_PART} AND epoch = of_epoch;
END`,
  )
}

/** Takes letters of these keys away, to wait again or not at all; how many there were. */
function letters(name: Names): string {
  return definition(
    `${name('queue_letters')}(of_queue text, of_parts integer[], of_keys text[],
  is_replayed boolean) RETURNS bigint`,
    `DECLARE
  of_part integer;
  found_here bigint;
  found_all bigint := 0;
BEGIN
  ${BY_INDEX}
  ${LAST}
  FOR of_part IN SELECT DISTINCT u.part FROM unnest(of_parts) AS u(part) ORDER BY u.part LOOP
    PERFORM ${name('queue_lock')}(of_queue, of_part);
    WITH gone AS (DELETE FROM ${name('dead')} WHERE ${IS_PART} AND key = ANY(of_keys) RETURNING *),
      again AS (INSERT INTO ${name('writes')}
          (queue, key, part, due_at, since, version, attempts, op, value)
        SELECT queue, key, part, clock_timestamp(), clock_timestamp(), version, attempts, op, value
        FROM gone WHERE is_replayed)
      SELECT count(*) INTO found_here FROM gone;
    IF is_replayed THEN
      UPDATE ${name('parts')} SET pending = pending + found_here WHERE ${IS_PART};
    END IF;
    found_all := found_all + found_here;
  END LOOP;
  RETURN found_all;
END`,
  )
}

function waiting(name: Names): string {
  return definition(
    `${name('queue_waiting')}(of_queue text, of_keys text[])
  RETURNS TABLE (key text, version bigint, attempts bigint, op text, value bytea)`,
    `BEGIN
  ${BY_INDEX}
  RETURN QUERY SELECT o.key, o.version, o.attempts, o.op, o.value FROM ${name('writes')} AS o
    WHERE ${isKey('ANY(of_keys)')};
END`,
  )
}

function state(name: Names): string {
  return definition(
    `${name('queue_state')}(of_queue text, OUT pending float8, OUT held float8,
  OUT oldest_ms float8, OUT dead float8, OUT done_ago_ms float8)`,
    `DECLARE moment timestamptz := clock_timestamp();
BEGIN
  ${BY_INDEX}
  SELECT coalesce(sum(p.pending), 0), count(*) FILTER (WHERE p.ends_at > moment),
      greatest(floor(extract(epoch FROM moment - min(o.since)) * 1000), 0),
      extract(epoch FROM moment - nullif(max(p.done_at), '-infinity')) * 1000
    INTO pending, held, oldest_ms, done_ago_ms
    FROM ${name('parts')} AS p LEFT JOIN LATERAL (SELECT w.since FROM ${name('writes')} AS w
      WHERE w.queue = p.queue AND w.part = p.part ORDER BY w.since LIMIT 1) AS o ON true
    WHERE p.queue = of_queue;
  dead := (SELECT count(*) FROM ${name('dead')} AS d WHERE d.queue = of_queue);
END`,
  )
}
