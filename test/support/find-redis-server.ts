/**
 * Where the redis-server binary is: on PATH, else where REDIS_SERVER_BIN points.
 *
 * Imports nothing of the tests, so that scripts may use it. Looks; never installs.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a redis-server (or valkey-server) that can be run, or `undefined`. */
export function findRedisServer(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const onPath = ['redis-server', 'valkey-server'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  )
  return [...onPath, process.env.REDIS_SERVER_BIN ?? ''].find(isExecutable)
}

function isExecutable(path: string): boolean {
  if (path === '') return false
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
