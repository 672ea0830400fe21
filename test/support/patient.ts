/**
 * Deadlines for tests of something else than deadlines. Machines that run tests stand still for
 * longer than the default ones at times, and what is answered then is right, but another answer.
 */
export const PATIENT = { readDeadline: '10s', writeDeadline: '10s' } as const
