/** What became of the writes that a holder was given. */
import { FULL_AGAIN_MS } from '../../../core/write-queue.js'
import { definition, HURRY } from '../function-parts.js'
import type { Names } from '../tables.js'
import { BY_INDEX, IS_PART, isKey, lengthOf } from './queue-parts.js'

/** `settled`, `newer` or `full` for each; NULL where another holds the partition. */
export function settle(name: Names): string {
  return definition(
    `${name('queue_settle')}(of_queue text, of_part integer, of_epoch bigint, of_keys text[],
  versions bigint[], outcomes text[], numbers float8[], errors text[]) RETURNS text[]`,
    `DECLARE
  p ${name('parts')};
  s record;
  moment timestamptz;
  buried bigint;
  answer text;
  answers text[] := '{}';
BEGIN
  ${BY_INDEX}
  ${HURRY}
  p := ${name('queue_lock')}(of_queue, of_part);
  moment := clock_timestamp();
  IF p.epoch <> of_epoch OR p.ends_at <= moment THEN RETURN NULL; END IF;
  FOR s IN SELECT * FROM unnest(of_keys, versions, outcomes, numbers, errors)
      AS u(key, version, outcome, number, error) LOOP
    answer := 'settled';
    ${settleOne(name)}
    IF NOT FOUND THEN
      answer := 'newer';
      UPDATE ${name('writes')} SET due_at = moment,
          since = CASE WHEN s.outcome = 'done' THEN moment ELSE since END
        WHERE ${isKey('s.key')};
    ELSIF answer = 'settled' AND s.outcome IN ('done', 'dead') THEN
      p.pending := greatest(p.pending - 1, 0);
    END IF;
    answers := answers || answer;
  END LOOP;
  IF 'done' = ANY(outcomes) THEN p.done_at := moment; END IF;
  UPDATE ${name('parts')} SET pending = p.pending, done_at = p.done_at
    WHERE ${IS_PART} AND (pending <> p.pending OR done_at <> p.done_at);
  RETURN answers;
END`,
  )
}

/** Finds the write, or none, where a later one waits. */
function settleOne(name: Names): string {
  const isMeant = `${isKey('s.key')} AND version = s.version`
  return `IF s.outcome = 'done' THEN
      DELETE FROM ${name('writes')} WHERE ${isMeant};
    ELSIF s.outcome = 'dead' THEN
      buried := coalesce(buried, (SELECT count(*) FROM ${name('dead')} WHERE ${IS_PART}));
      IF buried < s.number THEN
        WITH gone AS (DELETE FROM ${name('writes')} WHERE ${isMeant} RETURNING *)
          INSERT INTO ${name('dead')}
            (queue, part, key, died_at, error, version, attempts, op, value)
          SELECT queue, part, key, moment, s.error, version, attempts, op, value FROM gone;
        IF FOUND THEN buried := buried + 1; END IF;
      ELSE
        answer := 'full';
        UPDATE ${name('writes')} SET attempts = attempts + 1,
          due_at = moment + ${lengthOf(String(FULL_AGAIN_MS))} WHERE ${isMeant};
      END IF;
    ELSE
      UPDATE ${name('writes')} SET due_at = moment + ${lengthOf('s.number')},
          attempts = attempts + CASE WHEN s.outcome = 'retry' THEN 1 ELSE 0 END
        WHERE ${isMeant};
    END IF;`
}
