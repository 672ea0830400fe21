/**
 * The functions of the invalidation log: what log-scripts.ts is for Redis, with the same answers.
 *
 * Records are numbered under an advisory lock that lasts until the end of the transaction, so the
 * order of the numbers is the order in which records become visible, and nobody ever sees one
 * without all before it. Heartbeats take no lock.
 *
 * An epoch ends where the log is empty (unlogged tables are, after a crash or on a replica), where
 * the server's process is another than the one on which it began (restarted, failed over, restored
 * from an older copy of its disk), or where a member knows of more than the log holds. Numbers then
 * begin at the server's time in milliseconds and above every number that was ever given, and the
 * floor with them: whatever was stored or loaded before is out of date.
 *
 * Answers are JSON: one value, read by the fastest parser there is.
 */
import { FORGET_MS, LOST_AT_MOST, type LogLimits } from '../log-limits.js'
import { definition, LAST } from './function-parts.js'
import type { Names } from './tables.js'

/** How often old records are looked for: every so many records, and every so many bytes. */
const TRIM_EVERY = 128
const TRIM_EVERY_BYTES = 1_024 ** 2
/** A notification takes less than 8 000 bytes. */
const MAX_PUSH_BYTES = 7_900

const FORGET = `interval '${FORGET_MS / 60_000} minutes'`
const NOW_MS = `floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

export function logFunctions(name: Names, limits: LogLimits): string {
  return [state(name), missed(name, limits), follow(name), append(name, limits)].join('')
}

/** The newest record with its epoch; begins another epoch where this one has ended. */
function state(name: Names): string {
  return definition(
    `${name('state')}(of_log text, applied bigint, new_epoch text, is_locked boolean,
  OUT epoch text, OUT began_at timestamptz, OUT seq bigint, OUT floor bigint, OUT bytes bigint,
  OUT tags bigint, OUT prefixes bigint)`,
    `DECLARE
  here text := pg_postmaster_start_time()::text;
  server text;
BEGIN
  SELECT l.epoch, l.began_at, l.server, r.seq, r.floor, r.bytes, r.tags, r.prefixes
    INTO epoch, began_at, server, seq, floor, bytes, tags, prefixes
    FROM ${name('logs')} AS l, LATERAL (SELECT * FROM ${name('log')} AS g
      WHERE g.log = l.name ORDER BY g.seq DESC LIMIT 1) AS r
    WHERE l.name = of_log;
  IF FOUND AND server = here AND applied <= seq THEN RETURN; END IF;
  IF NOT is_locked THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('${name('log')} ' || of_log, 0));
    SELECT * INTO epoch, began_at, seq, floor, bytes, tags, prefixes
      FROM ${name('state')}(of_log, applied, new_epoch, true);
    RETURN;
  END IF;
  ${LAST}
  seq := greatest(coalesce(seq, 0), applied);
  seq := greatest(CASE WHEN seq > 0 THEN seq + ${LOST_AT_MOST} ELSE 0 END, ${NOW_MS});
  epoch := new_epoch;
  began_at := clock_timestamp();
  floor := seq;
  bytes := 0;
  tags := (SELECT count(*) FROM ${name('names')} AS t WHERE t.log = of_log AND t.kind = 't');
  prefixes := (SELECT count(*) FROM ${name('names')} AS t WHERE t.log = of_log AND t.kind = 'p');
  DELETE FROM ${name('log')} AS g WHERE g.log = of_log;
  INSERT INTO ${name('log')} VALUES (of_log, seq, floor, bytes, tags, prefixes, '', NULL);
  INSERT INTO ${name('logs')} AS l VALUES (of_log, epoch, here, began_at)
    ON CONFLICT (name) DO UPDATE
      SET epoch = excluded.epoch, server = excluded.server, began_at = excluded.began_at;
END`,
  )
}

/** Records after `applied`, up to a number. */
function missed(name: Names, { maxRead }: LogLimits): string {
  return definition(
    `${name('missed')}(of_log text, applied bigint, upto bigint) RETURNS json`,
    `BEGIN
  IF applied < 0 OR applied >= upto THEN RETURN '[]'; END IF;
  RETURN coalesce((SELECT json_agg(json_build_array(r.seq, r.origin, r.payload) ORDER BY r.seq)
    FROM (SELECT * FROM ${name('log')} AS g WHERE g.log = of_log AND g.seq > applied
      AND g.seq <= upto AND g.payload IS NOT NULL ORDER BY g.seq LIMIT ${maxRead}) AS r), '[]');
END`,
  )
}

/** [epoch, head, floor, now, records, members, prefixes]. */
function follow(name: Names): string {
  return definition(
    `${name('follow')}(of_log text, member text, applied bigint, new_epoch text,
  lease_ms float8, wants_prefixes boolean) RETURNS text`,
    `DECLARE s record; members bigint; known json := '[]';
BEGIN
  SELECT * INTO s FROM ${name('state')}(of_log, applied, new_epoch, false);
  INSERT INTO ${name('members')} VALUES (of_log, member,
      clock_timestamp() + lease_ms * interval '1 millisecond')
    ON CONFLICT (log, id) DO UPDATE SET ends_at = excluded.ends_at;
  DELETE FROM ${name('members')} WHERE log = of_log AND ends_at < clock_timestamp() - ${FORGET};
  members := (SELECT count(*) FROM ${name('members')}
    WHERE log = of_log AND ends_at > clock_timestamp());
  IF wants_prefixes THEN
    known := (SELECT json_agg(json_build_array(p.name, p.seq) ORDER BY p.seq, p.name COLLATE "C")
      FROM ${name('names')} AS p WHERE p.log = of_log AND p.kind = 'p');
  END IF;
  RETURN json_build_array(s.epoch, s.seq, s.floor, ${NOW_MS},
    ${name('missed')}(of_log, applied, s.seq), members, coalesce(known, '[]'));
END`,
  )
}

/**
 * [epoch, head, floor, now, records before this one, and where it is to be confirmed: the age of
 * the epoch, members]. Kinds and names: 't', 'p', 'a'.
 */
function append(name: Names, limits: LogLimits): string {
  return definition(
    `${name('append')}(of_log text, member text, applied bigint, new_epoch text,
  wants_acks boolean, payload text, kinds text[], names text[], channel text) RETURNS text`,
    `DECLARE
  s record;
  answer json;
  n record;
  upto bigint;
  who text := CASE WHEN wants_acks THEN member || '!' ELSE member END;
  push text;
BEGIN
  ${LAST}
  PERFORM pg_advisory_xact_lock(hashtextextended('${name('log')} ' || of_log, 0));
  SELECT * INTO s FROM ${name('state')}(of_log, applied, new_epoch, true);
  answer := ${name('missed')}(of_log, applied, s.seq);
  s.seq := s.seq + 1;
  ${noteNames(name, limits)}
  INSERT INTO ${name('log')} VALUES (of_log, s.seq, s.floor, s.bytes + octet_length(payload),
    s.tags, s.prefixes, who, payload);
  ${trim(name, limits)}
  push := concat_ws(' ', s.epoch, s.seq, who, payload);
  -- One that is too long is read from the table.
  IF octet_length(push) > ${MAX_PUSH_BYTES} THEN push := ''; END IF;
  PERFORM pg_notify(channel, push);
  IF NOT wants_acks THEN
    RETURN json_build_array(s.epoch, s.seq, s.floor, ${NOW_MS}, answer);
  END IF;
  RETURN json_build_array(s.epoch, s.seq, s.floor, ${NOW_MS}, answer,
    floor(extract(epoch FROM clock_timestamp() - s.began_at) * 1000)::bigint,
    coalesce((SELECT json_agg(id) FROM ${name('members')} WHERE log = of_log
      AND ends_at >= clock_timestamp() - ${FORGET}), '[]'));
END`,
  )
}

/** Each with this record as its newest; beyond a limit the oldest name is let go of. */
function noteNames(name: Names, limits: LogLimits): string {
  return `FOR n IN SELECT * FROM unnest(kinds, names) AS k(kind, name) LOOP
    IF n.kind = 'a' THEN s.floor := s.seq; CONTINUE; END IF;
    UPDATE ${name('names')} AS t SET seq = s.seq
      WHERE t.log = of_log AND t.kind = n.kind AND t.hash = sha256(convert_to(n.name, 'UTF8'));
    CONTINUE WHEN FOUND;
    INSERT INTO ${name('names')}
      VALUES (of_log, n.kind, sha256(convert_to(n.name, 'UTF8')), n.name, s.seq);
    IF n.kind = 't' THEN s.tags := s.tags + 1; ELSE s.prefixes := s.prefixes + 1; END IF;
    IF s.tags > ${limits.maxTags} THEN
      s.tags := s.tags - 1;
      ${letGo(name, 't')}
    ELSIF s.prefixes > ${limits.maxPrefixes} THEN
      s.prefixes := s.prefixes - 1;
      ${letGo(name, 'p')}
    END IF;
  END LOOP;`
}

/** The name that was noted longest ago: the floor rises to its record. */
function letGo(name: Names, kind: 't' | 'p'): string {
  return `DELETE FROM ${name('names')} AS t WHERE t.log = of_log AND t.kind = '${kind}'
        AND t.hash = (SELECT o.hash FROM ${name('names')} AS o
          WHERE o.log = of_log AND o.kind = '${kind}' ORDER BY o.seq, o.name COLLATE "C" LIMIT 1)
        RETURNING t.seq INTO upto;
      s.floor := greatest(s.floor, upto);`
}

/** The sums of bytes rise with the numbers, so the first record to keep is near the beginning. */
function trim(name: Names, { maxRecords, maxBytes }: LogLimits): string {
  return `IF s.seq % ${TRIM_EVERY} = 0
      OR s.bytes / ${TRIM_EVERY_BYTES}
        < (s.bytes + octet_length(payload)) / ${TRIM_EVERY_BYTES} THEN
    upto := coalesce((SELECT g.seq FROM ${name('log')} AS g WHERE g.log = of_log
      AND g.seq > s.seq - ${maxRecords} AND g.bytes > s.bytes - ${maxBytes}
      ORDER BY g.seq LIMIT 1), s.seq);
    DELETE FROM ${name('log')} AS g WHERE g.log = of_log AND g.seq < upto;
  END IF;`
}
