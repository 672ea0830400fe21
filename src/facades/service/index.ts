/** The door `cachewright/service`: a cache service, services for what is cached, and a warmer. */
export { cacheConfig } from './cache-config.js'
export {
  CacheService,
  type CacheServiceOptions,
  type CacheServiceStats,
  type CacheSetOptions,
  cacheService,
} from './cache-service.js'
export { CacheWarmer, type CacheWarmerOptions, type WarmingReport } from './cache-warmer.js'
export {
  type Conversation,
  ConversationCacheService,
  conversationCacheService,
} from './conversation-cache-service.js'
export { generateHash } from './generate-hash.js'
export { OpenAICacheService, openAICacheService } from './openai-cache-service.js'
export {
  SessionCacheService,
  type SessionOptions,
  sessionCacheService,
} from './session-cache-service.js'
export {
  type UserCacheOptions,
  UserCacheService,
  type UserSource,
  userCacheService,
} from './user-cache-service.js'
