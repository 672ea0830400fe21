/**
 * The functions that the store runs on entries: what needs more than one statement, in one round
 * trip and one transaction.
 *
 * Each statement of a function sees what was committed before it, and that is what they rely on: a
 * delete first ends the right to fill, which waits for a fill that has it just now, and then sees
 * the value that this one wrote. All of them lock rights before entries, and the rows of a table in
 * the order of their keys, so that no two wait for each other. A function that came too late says
 * so at its end, when it has waited for all that it must, and is undone as a whole.
 *
 * Writes do not wait for the disk: a crash of the server may lose the last of them, like an entry
 * that was evicted. A delete waits, if the database was told not to: what comes back would be
 * served.
 */
import { increment } from './counter-function.js'
import { definition, endOf, HURRY, LAST, REFUSE_LATE } from './function-parts.js'
import type { Names } from './tables.js'

/** In the place of a token: no load has it. */
const HELD_OFF = '!'

export function entryFunctions(name: Names): string {
  const all = [set, remove, removeOnly, grant, lease, fill, patch, increment]
  return all.map((each) => each(name)).join('')
}

/**
 * Which rows of a table are meant by `of_keys`: locked in the order of their keys first, and those
 * alone, since a row that comes later would be locked out of order. One by itself needs no order.
 */
const lockedIn = (table: string) => `key = ANY(CASE WHEN cardinality(of_keys) < 2 THEN of_keys
      ELSE ARRAY(SELECT o.key FROM ${table} AS o WHERE o.key = ANY(of_keys)
        ORDER BY o.key FOR UPDATE) END)`

/**
 * Ends the rights of `of_keys`; those granted within `holds` are in name alone. With holds it is
 * one pass over all keys: a right that has ended counts as none.
 */
const endRights = (name: Names) => `IF holds IS NULL THEN
    DELETE FROM ${name('leases')} WHERE ${lockedIn(name('leases'))};
  ELSE
    INSERT INTO ${name('leases')} AS l (key, token, ends_at)
      SELECT h.key, '${HELD_OFF}', ${endOf('h.ms')}
      FROM unnest(of_keys, holds) AS h(key, ms) ORDER BY h.key
      ON CONFLICT (key) DO UPDATE
        SET token = excluded.token, is_waited_for = false, ends_at = excluded.ends_at;
  END IF;`

/** `bytes` holds all values, each from its place (1 for the first byte) on. */
const write = (name: Names, rows: string) => `INSERT INTO ${name()}
      (key, value, expires_at, written_at)
    SELECT w.key, substring(bytes FROM w.place FOR w.size), ${endOf('w.ttl')}, clock_timestamp()
    FROM ${rows} ORDER BY w.key
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at,
      written_at = excluded.written_at;`

/** A value that does not keep others from loading the key. */
const isFillable = `value IS NULL OR substring(value FROM place FOR length(upto)) <= upto
      OR (r.bad <> '' AND substring(value FROM 1 FOR length(r.bad) / 2) = decode(r.bad, 'hex'))`

function set(name: Names): string {
  return definition(
    `${name('set')}(of_keys text[], places int[], sizes int[], bytes bytea, ttls float8[],
  holds float8[], not_after float8) RETURNS void`,
    `BEGIN
  ${HURRY}
  ${endRights(name)}
  ${write(name, 'unnest(of_keys, places, sizes, ttls) AS w(key, place, size, ttl)')}
  ${REFUSE_LATE}
END`,
  )
}

function remove(name: Names): string {
  return definition(
    `${name('delete')}(of_keys text[], holds float8[]) RETURNS bigint`,
    `DECLARE deleted bigint;
BEGIN
  ${LAST}
  ${endRights(name)}
  WITH gone AS (DELETE FROM ${name()} WHERE ${lockedIn(name())} RETURNING expires_at)
    SELECT count(*) FILTER (WHERE expires_at > clock_timestamp()) INTO deleted FROM gone;
  RETURN deleted;
END`,
  )
}

/** Those alone whose bytes from `place` on are not above `upto`; rights go on. */
function removeOnly(name: Names): string {
  return definition(
    `${name('delete_only')}(of_keys text[], place int, upto bytea) RETURNS bigint`,
    `DECLARE deleted bigint;
BEGIN
  ${LAST}
  WITH gone AS (DELETE FROM ${name()} WHERE ${lockedIn(name())}
      AND substring(value FROM place FOR length(upto)) <= upto RETURNING expires_at)
    SELECT count(*) FILTER (WHERE expires_at > clock_timestamp()) INTO deleted FROM gone;
  RETURN deleted;
END`,
  )
}

/**
 * Values, and the rights to fill those that are absent, not above `upto` from `place` on, or begin
 * with what is unusable (hex, '' for none). A value that was filled while the right was being asked
 * for is found by a second look: then nobody needs to load it.
 */
function lease(name: Names): string {
  const look = `value := (SELECT e.value FROM ${name()} AS e
        WHERE e.key = r.key AND e.expires_at > clock_timestamp());
      is_fillable := ${isFillable};`
  return definition(
    `${name('lease')}(of_keys text[], tokens text[], lengths float8[], hows text[],
  replaced text[], unusable text[], place int, upto bytea, not_after float8)
  RETURNS TABLE (i bigint, value bytea, is_granted boolean)`,
    `DECLARE
  r record;
  is_fillable boolean;
  is_late boolean := coalesce(extract(epoch FROM clock_timestamp()) * 1000 > not_after, false);
BEGIN
  ${HURRY}
  FOR r IN SELECT * FROM unnest(of_keys, tokens, lengths, hows, replaced, unusable)
      WITH ORDINALITY AS t(key, token, ms, how, replaces, bad, i) ORDER BY t.key LOOP
    i := r.i;
    value := NULL;
    is_fillable := true;
    is_granted := false;
    IF r.how = 'ask' THEN
      ${look}
    END IF;
    IF is_fillable AND NOT is_late THEN
      is_granted := ${name('grant')}(r.key, r.token, r.ms, r.how, r.replaces);
    END IF;
    IF is_granted AND r.how = 'ask' THEN
      ${look}
      IF NOT is_fillable THEN
        DELETE FROM ${name('leases')} AS l WHERE l.key = r.key AND l.token = r.token;
        is_granted := false;
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END`,
  )
}

/** Whether the token has the right now. Where another has it, that one is told who waits. */
function grant(name: Names): string {
  return definition(
    `${name('grant')}(of_key text, of_token text, ms float8, how text, replaces text)
  RETURNS boolean`,
    `BEGIN
  IF how = 'renew' THEN
    UPDATE ${name('leases')} AS l SET ends_at = ${endOf('ms')}
      WHERE l.key = of_key AND l.token = of_token AND l.ends_at > clock_timestamp();
    RETURN FOUND;
  END IF;
  INSERT INTO ${name('leases')} AS l (key, token, ends_at)
    VALUES (of_key, of_token, ${endOf('ms')})
    ON CONFLICT (key) DO UPDATE SET token = excluded.token, ends_at = excluded.ends_at,
      is_waited_for = l.is_waited_for AND l.ends_at > clock_timestamp()
    WHERE l.ends_at <= clock_timestamp()
      OR (l.token <> '${HELD_OFF}' AND (how = 'take' OR l.token = replaces));
  IF FOUND THEN RETURN true; END IF;
  UPDATE ${name('leases')} AS l SET is_waited_for = true
    WHERE l.key = of_key AND l.token <> '${HELD_OFF}' AND NOT l.is_waited_for;
  RETURN EXISTS (SELECT 1 FROM ${name('leases')} AS l
    WHERE l.key = of_key AND l.token = '${HELD_OFF}' AND l.ends_at > clock_timestamp());
END`,
  )
}

/** The places in the list of those that had the right. A ttl below 0 gives it back unused. */
function fill(name: Names): string {
  return definition(
    `${name('fill')}(of_keys text[], tokens text[], places int[], sizes int[], bytes bytea,
  ttls float8[], channel text) RETURNS bigint[]`,
    `DECLARE had bigint[]; waited text[];
BEGIN
  ${HURRY}
  IF cardinality(of_keys) > 1 THEN
    PERFORM 1 FROM ${name('leases')} WHERE key = ANY(of_keys) ORDER BY key FOR UPDATE;
  END IF;
  WITH ended AS (DELETE FROM ${name('leases')} AS l
      USING unnest(of_keys, tokens) WITH ORDINALITY AS f(key, token, i)
      WHERE l.key = f.key AND l.token = f.token AND l.ends_at > clock_timestamp()
      RETURNING f.i, l.key, l.is_waited_for)
    SELECT coalesce(array_agg(i), '{}'), array_agg(key) FILTER (WHERE is_waited_for)
      INTO had, waited FROM ended;
  IF had <> '{}' THEN
    ${write(
      name,
      `unnest(of_keys, places, sizes, ttls) WITH ORDINALITY
      AS w(key, place, size, ttl, i) WHERE w.i = ANY(had) AND coalesce(w.ttl >= 0, true)`,
    )}
  END IF;
  IF waited IS NOT NULL AND channel <> '' THEN
    PERFORM pg_notify(channel, ' ' || key) FROM unnest(waited) AS w(key);
  END IF;
  RETURN had;
END`,
  )
}

function patch(name: Names): string {
  return definition(
    `${name('patch')}(of_key text, place int, bytes bytea, ttl float8) RETURNS boolean`,
    `BEGIN
  ${HURRY}
  DELETE FROM ${name('leases')} WHERE key = of_key;
  UPDATE ${name()} SET value = overlay(value PLACING bytes FROM place FOR length(bytes)),
      expires_at = ${endOf('ttl')}
    WHERE key = of_key AND expires_at > clock_timestamp()
      AND length(value) >= place - 1 + length(bytes);
  RETURN FOUND;
END`,
  )
}
