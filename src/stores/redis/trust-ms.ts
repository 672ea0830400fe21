/**
 * For how long a server is taken for the master without another saying so: as long as the lease on
 * memory (2 s), with its margin for clocks that drift apart.
 */
export const TRUST_MS = 1_980
