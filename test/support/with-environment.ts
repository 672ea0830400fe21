/** Environment variables for the time of a call, whatever the test's own environment says. */

const OURS = /^(?:REDIS_|CACHE_|NODE_CACHE_|DATABASE_URL$|NODE_ENV$)/

/** Of the variables that the package reads, those alone are set which are given. */
export async function withEnvironment<T>(
  variables: Readonly<Record<string, string>>,
  run: () => T | Promise<T>,
): Promise<T> {
  const before = Object.entries(process.env).filter(([name]) => OURS.test(name))
  const only = (entries: readonly (readonly [string, string | undefined])[]) => {
    for (const name of Object.keys(process.env)) if (OURS.test(name)) delete process.env[name]
    for (const [name, value] of entries) process.env[name] = value
  }
  only(Object.entries(variables))
  try {
    return await run()
  } finally {
    only(before)
  }
}
