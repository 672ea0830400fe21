/** Before all files of tests that start a Postgres: they share what such servers begin with. */
import { Postgres } from './postgres.js'
import { postgresTemplate, TEMPLATE_VARIABLE } from './postgres-server.js'

const owner = new Postgres()

export async function setup(): Promise<void> {
  process.env[TEMPLATE_VARIABLE] = JSON.stringify(await postgresTemplate(owner))
}

export function teardown(): Promise<void> {
  return owner.stop()
}
