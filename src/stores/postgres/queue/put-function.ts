/** Taking writes into their partitions. */
import { definition, REFUSE_LATE } from '../function-parts.js'
import type { Names } from '../tables.js'
import { BY_INDEX, isKey, lengthOf } from './queue-parts.js'

/**
 * The version of each write, in the order of the partitions; below 0 where it was refused. `bytes`
 * holds all values, each from its place (1 for the first byte) on.
 */
export function put(name: Names): string {
  return definition(
    `${name('queue_put')}(of_queue text, of_parts integer[], of_keys text[], ops text[],
  places integer[], sizes integer[], bytes bytea, delay_ms float8, max_pending float8,
  max_age_ms float8, commits text, not_after float8) RETURNS bigint[]`,
    `DECLARE
  answers bigint[] := '{}';
  p ${name('parts')};
  w record;
  moment timestamptz;
  is_old boolean;
BEGIN
  ${BY_INDEX}
  PERFORM set_config('synchronous_commit', commits, true);
  FOR w IN SELECT * FROM unnest(of_parts, of_keys, ops, places, sizes) WITH ORDINALITY
      AS u(part, key, op, place, size, i) ORDER BY u.part, u.i LOOP
    IF p.part IS DISTINCT FROM w.part THEN
      ${keepCounts(name)}
      p := ${name('queue_lock')}(of_queue, w.part);
      ${lookAround(name)}
    END IF;
    p.version := p.version + 1;
    ${putOne(name)}
    answers := answers || p.version;
  END LOOP;
  ${keepCounts(name)}
  DELETE FROM ${name('dead')} AS d USING unnest(of_parts, of_keys, answers) AS u(part, key, version)
    WHERE d.queue = of_queue AND d.part = u.part AND d.key = u.key AND u.version > 0;
  ${REFUSE_LATE}
  RETURN answers;
END`,
  )
}

/** Of the partition that has been gone through, if any. */
const keepCounts = (name: Names) => `UPDATE ${name('parts')} AS o
        SET version = p.version, pending = p.pending WHERE o.queue = of_queue AND o.part = p.part;`

const lookAround = (name: Names) => `moment := clock_timestamp();
      p.version := greatest(p.version, floor(extract(epoch FROM moment) * 1000000)::bigint);
      is_old := extract(epoch FROM moment - (SELECT o.since FROM ${name('writes')} AS o
          WHERE o.queue = of_queue AND o.part = p.part ORDER BY o.since LIMIT 1)
        ) * 1000 > max_age_ms;`

const putOne = (name: Names) => `UPDATE ${name('writes')} AS o
      SET version = p.version, attempts = 0, op = w.op,
        value = substring(bytes FROM w.place FOR w.size),
        due_at = CASE WHEN o.attempts > 0 THEN least(o.due_at, moment + ${lengthOf('delay_ms')})
          ELSE o.due_at END
      WHERE ${isKey('w.key')};
    IF NOT FOUND THEN
      IF is_old OR p.pending >= max_pending THEN
        answers := answers || -p.version;
        CONTINUE;
      END IF;
      p.pending := p.pending + 1;
      INSERT INTO ${name('writes')} (queue, key, part, due_at, since, version, attempts, op, value)
        VALUES (of_queue, w.key, w.part, moment + ${lengthOf('delay_ms')}, moment, p.version, 0,
          w.op, substring(bytes FROM w.place FOR w.size));
    END IF;`
