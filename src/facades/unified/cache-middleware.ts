/** Shorthands over the one cache of the process, each with the namespace that it is named for. */
import { argumentsKey } from '../../core/argument-key.js'
import { CacheNamespace } from './cache-namespace.js'
import { UnifiedCacheManager } from './unified-cache-manager.js'

/** The cache of the process, by the environment; made when it is first used. */
export const cache = new UnifiedCacheManager()

/** The same for every caller. */
export function getCache(): UnifiedCacheManager {
  return cache
}

/** 15 minutes unless `ttl` (seconds) says otherwise; so for the others, with their namespace's. */
export function cacheQuery<T>(
  queryKey: string,
  queryFn: () => Promise<T>,
  ttl?: number,
): Promise<T> {
  return cache.cached(CacheNamespace.DATABASE_QUERY, queryKey, queryFn, ttl)
}

export function cacheLLM<T>(prompt: string, llmFn: () => Promise<T>, ttl?: number): Promise<T> {
  return cache.cached(CacheNamespace.LLM_RESPONSE, prompt, llmFn, ttl)
}

/** The order of properties of `input` does not matter. Rejects with KEY_INVALID. */
export async function cacheTool<T>(
  toolName: string,
  input: unknown,
  toolFn: () => Promise<T>,
  ttl?: number,
): Promise<T> {
  return cache.cached(CacheNamespace.TOOL_RESULT, toolKey(toolName, input), toolFn, ttl)
}

export function cacheSession<T>(
  userId: string,
  sessionFn: () => Promise<T>,
  ttl?: number,
): Promise<T> {
  return cache.cached(CacheNamespace.SESSION, userId, sessionFn, ttl)
}

export function cacheWorkflow<T>(
  workflowId: string,
  workflowFn: () => Promise<T>,
  ttl?: number,
): Promise<T> {
  return cache.cached(CacheNamespace.WORKFLOW, workflowId, workflowFn, ttl)
}

/** What to forget when something has changed. All resolve as `delete` and `clear` do. */
export const CacheInvalidation = {
  onSessionUpdate: (userId: string): Promise<boolean> =>
    cache.delete(CacheNamespace.SESSION, userId),
  onUserDataUpdate: (userId: string): Promise<boolean> =>
    cache.delete(CacheNamespace.USER_DATA, userId),
  onToolExecution: async (toolName: string, input: unknown): Promise<boolean> =>
    cache.delete(CacheNamespace.TOOL_RESULT, toolKey(toolName, input)),
  /** One round trip, whatever there is: nothing is counted. */
  onDatabaseUpdate: async (): Promise<boolean> =>
    (await cache.core.namespace(CacheNamespace.DATABASE_QUERY).clear()) !== false,
  onWorkflowUpdate: (workflowId: string): Promise<boolean> =>
    cache.delete(CacheNamespace.WORKFLOW, workflowId),
}

function toolKey(toolName: string, input: unknown): string {
  return `${toolName}:${argumentsKey([input], toolName)}`
}
