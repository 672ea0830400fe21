/** What a holder of a partition is given. */
import { definition, HURRY, LAST } from '../function-parts.js'
import type { Names } from '../tables.js'
import { BY_INDEX, IS_PART, lengthOf } from './queue-parts.js'

const msUntil = (end: string) => `ceil(extract(epoch FROM ${end} - moment) * 1000)::float8`

/**
 * What is due, or will be within `ahead_ms`, each row with the epoch; where there is nothing for
 * the holder, one row that says in how long there may be. Idle workers ask often, and change
 * nothing: that takes no lock.
 */
export function claim(name: Names): string {
  const look = `earliest := (SELECT o.due_at FROM ${name('writes')} AS o
      WHERE ${IS_PART} ORDER BY o.due_at LIMIT 1);
    moment := clock_timestamp();
    horizon := moment + ${lengthOf('ahead_ms')};
    is_free := coalesce(p.holder = of_holder OR p.ends_at <= moment, true);`
  return definition(
    `${name('queue_claim')}(of_queue text, of_part integer, of_holder text, lease_ms float8,
  max_writes bigint, max_bytes bigint, ahead_ms float8)
  RETURNS TABLE (epoch bigint, next_ms float8, key text, version bigint, attempts bigint, op text,
    value bytea)`,
    `DECLARE
  p ${name('parts')};
  earliest timestamptz;
  moment timestamptz;
  horizon timestamptz;
  is_free boolean;
  is_locked boolean := false;
BEGIN
  ${BY_INDEX}
  SELECT * INTO p FROM ${name('parts')} WHERE ${IS_PART};
    ${look}
  IF is_free AND (p.holder = of_holder OR earliest <= horizon
      OR (earliest IS NULL AND p.pending > 0)) THEN
    is_locked := true;
    p := ${name('queue_lock')}(of_queue, of_part);
    ${look}
  END IF;
  IF NOT is_free THEN
    next_ms := ${msUntil('p.ends_at')};
    RETURN NEXT;
  ELSIF is_locked AND earliest <= horizon THEN
    ${take(name)}
  ELSE
    IF is_locked THEN ${letGo(name)} END IF;
    next_ms := ${msUntil('earliest')};
    RETURN NEXT;
  END IF;
END`,
  )
}

const take = (name: Names) => `IF p.holder IS DISTINCT FROM of_holder THEN
      ${LAST}
      p.epoch := p.epoch + 1;
    ELSE
      ${HURRY}
    END IF;
    UPDATE ${name('parts')} SET epoch = p.epoch, holder = of_holder,
      ends_at = moment + ${lengthOf('lease_ms')} WHERE ${IS_PART};
    RETURN QUERY SELECT p.epoch, 0::float8, f.key, f.version, f.attempts, f.op, f.value FROM (
      SELECT o.*, row_number() OVER due AS i, sum(octet_length(o.value)) OVER due AS upto
      FROM (SELECT * FROM ${name('writes')} AS a WHERE ${IS_PART} AND a.due_at <= horizon
        ORDER BY a.due_at LIMIT max_writes) AS o
      WINDOW due AS (ORDER BY o.due_at ROWS UNBOUNDED PRECEDING)) AS f
      WHERE f.i = 1 OR f.upto <= max_bytes ORDER BY f.i;`

/** Also puts right what is said to wait, where somebody has emptied the table. */
const letGo = (name: Names) => `${HURRY}
      UPDATE ${name('parts')} SET holder = nullif(p.holder, of_holder),
          ends_at = CASE WHEN p.holder = of_holder THEN '-infinity' ELSE p.ends_at END,
          pending = CASE WHEN earliest IS NULL THEN 0 ELSE p.pending END
        WHERE ${IS_PART};`
