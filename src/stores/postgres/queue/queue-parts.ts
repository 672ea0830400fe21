/** What the functions of a write queue are made of. */

/**
 * A queue is empty at most times. What is planned then, and kept for the connection, would read the
 * whole table for each key once it is full.
 */
export const BY_INDEX = `PERFORM set_config('enable_seqscan', 'off', true);`
/**
 * By the index of keys: for `queue` alone the indexes of partitions would do as well, and cost as
 * much while the table is empty.
 */
export const isKey = (key: string) => `key = ${key} AND queue || '' = of_queue`
export const IS_PART = 'queue = of_queue AND part = of_part'
export const lengthOf = (ms: string) => `${ms} * interval '1 millisecond'`
