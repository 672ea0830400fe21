/**
 * What a server was asked to do, by command, with those that scripts call.
 */
import type { adminClient } from './clients.js'

type Admin = Awaited<ReturnType<typeof adminClient>>
export type CommandCounts = ReadonlyMap<string, number>

/** The commands that `work` made the server process, but for the question itself. */
export async function commandsOf(
  admin: Admin,
  work: () => Promise<unknown>,
): Promise<CommandCounts> {
  const before = parse(await admin.info('commandstats'))
  await work()
  const after = parse(await admin.info('commandstats'))
  const counts = new Map<string, number>()
  for (const [name, calls] of after) {
    const more = calls - (before.get(name) ?? 0)
    if (more > 0 && name !== 'info') counts.set(name, more)
  }
  return counts
}

export function sumOf(counts: CommandCounts): number {
  return [...counts.values()].reduce((sum, calls) => sum + calls, 0)
}

function parse(text: string): Map<string, number> {
  const lines = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
  return new Map([...lines].map(([, name, calls]) => [name!, Number(calls)]))
}
