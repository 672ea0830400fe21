/** What the functions of the store are made of. */

/** Nothing waits for the disk. */
export const HURRY = `PERFORM set_config('synchronous_commit', 'off', true);`
/** What is undone by a crash would be served again: it waits, if the database was told not to. */
export const LAST = `IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;`

/** Undoes all of what came later than it may. */
export const REFUSE_LATE = `IF extract(epoch FROM clock_timestamp()) * 1000 > not_after THEN
    RAISE EXCEPTION 'cachewright: too late';
  END IF;`

/** A life time in milliseconds as a moment; NULL is for ever. */
export const endOf = (ms: string) =>
  `coalesce(clock_timestamp() + ${ms} * interval '1 millisecond', 'infinity')`

/** `body` with a header: plpgsql, and columns are meant where a name is both. */
export function definition(head: string, body: string): string {
  return `CREATE OR REPLACE FUNCTION ${head} LANGUAGE plpgsql AS $function$
#variable_conflict use_column
${body}
$function$;
`
}
