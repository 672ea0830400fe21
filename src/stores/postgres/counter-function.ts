/**
 * Counting on the server: the number that follows the head of a value.
 */
import { definition, endOf, HURRY } from './function-parts.js'
import type { Names } from './tables.js'

/** What begins the message of a refusal; the rest is for people. */
export const NOT_A_NUMBER = 'cachewright: not a number'

/** `stored` as `front` and `number`; refuses what is no counter. */
const READ_COUNTER = `front := substring(stored FROM 1 FOR length(head));
    digits := encode(substring(stored FROM length(head) + 1), 'escape');
    IF length(front) < 2 OR substring(front FROM 2 FOR 1) <> substring(head FROM 2 FOR 1) THEN
      RAISE EXCEPTION '${NOT_A_NUMBER}: another kind of value';
    END IF;
    IF digits !~ '^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$' THEN
      RAISE EXCEPTION '${NOT_A_NUMBER}: no number';
    END IF;
    BEGIN
      number := digits::float8;
    EXCEPTION WHEN numeric_value_out_of_range THEN
      RAISE EXCEPTION '${NOT_A_NUMBER}: out of range';
    END;`

/** `number` as `digits`. */
const WRITE_NUMBER = `IF number = trunc(number) AND abs(number) <= 9007199254740992 THEN
    digits := number::bigint::text;
  ELSE
    digits := number::text;
  END IF;`

/**
 * The new number as text: whole ones up to 2^53 without an exponent, others as the fewest digits
 * that read back the same. An entry at or below one of the limits counts as absent.
 */
export function increment(name: Names): string {
  return definition(
    `${name('increment')}(of_key text, step float8, head bytea, ttl float8, places int[],
  limits text[]) RETURNS text`,
    `DECLARE
  stored bytea;
  ends timestamptz;
  digits text;
  number float8;
  front bytea := head;
BEGIN
  ${HURRY}
  DELETE FROM ${name('leases')} WHERE key = of_key;
  LOOP
    SELECT value, expires_at INTO stored, ends FROM ${name()} WHERE key = of_key FOR UPDATE;
    EXIT WHEN FOUND;
    INSERT INTO ${name()} VALUES (of_key, '', '-infinity', clock_timestamp())
      ON CONFLICT (key) DO NOTHING;
  END LOOP;
  IF ends <= clock_timestamp() OR EXISTS (SELECT 1 FROM unnest(places, limits) AS l(place, upto)
      WHERE substring(stored FROM l.place FOR length(decode(l.upto, 'hex')))
        <= decode(l.upto, 'hex')) THEN
    number := 0;
    ends := ${endOf('ttl')};
  ELSE
    ${READ_COUNTER}
  END IF;
  BEGIN
    number := number + step;
  EXCEPTION WHEN numeric_value_out_of_range THEN
    RAISE EXCEPTION '${NOT_A_NUMBER}: out of range';
  END;
  ${WRITE_NUMBER}
  UPDATE ${name()} SET value = front || convert_to(digits, 'UTF8'), expires_at = ends,
    written_at = clock_timestamp() WHERE key = of_key;
  RETURN digits;
END`,
  )
}
