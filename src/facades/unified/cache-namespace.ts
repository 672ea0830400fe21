/** The eight namespaces, as their keys are called in the store. */
export const CacheNamespace = {
  SESSION: 'session',
  TOOL_RESULT: 'tool_result',
  API_RESPONSE: 'api_response',
  DATABASE_QUERY: 'database_query',
  LLM_RESPONSE: 'llm_response',
  USER_DATA: 'user_data',
  BOT_STATE: 'bot_state',
  WORKFLOW: 'workflow',
} as const

export type CacheNamespace = (typeof CacheNamespace)[keyof typeof CacheNamespace]

/** Seconds. */
const NAMESPACE_TTL: ReadonlyMap<string, number> = new Map([
  [CacheNamespace.SESSION, 3_600],
  [CacheNamespace.TOOL_RESULT, 300],
  [CacheNamespace.API_RESPONSE, 600],
  [CacheNamespace.DATABASE_QUERY, 900],
  [CacheNamespace.LLM_RESPONSE, 3_600],
  [CacheNamespace.USER_DATA, 1_800],
  [CacheNamespace.BOT_STATE, 600],
  [CacheNamespace.WORKFLOW, 3_600],
])

/** The ttl of a call: its own, that of its namespace, or none, which leaves it to the cache. */
export function lifeIn(namespace: string, ttl: number | undefined): { ttl?: number } {
  const life = ttl ?? NAMESPACE_TTL.get(namespace)
  return life === undefined ? {} : { ttl: life }
}
