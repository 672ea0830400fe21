/** What was asked for cannot be done as it was written: exit code 2. */
export class UsageError extends Error {}
